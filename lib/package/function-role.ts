import * as iam from 'aws-cdk-lib/aws-iam';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { checkPolicySize } from '../validate/policy-size';

/**
 * A role for a function that may write one log, and do what else is known beforehand. The permissions are part of the role: a
 * policy of its own would be one more resource for every function.
 */
export function functionRole(scope: Construct, log: logs.ILogGroup, statements: readonly iam.PolicyStatement[] = []): iam.Role {
  const role = new iam.Role(scope, 'Role', {
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: {
      Function: new iam.PolicyDocument({
        statements: [
          new iam.PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [log.logGroupArn] }),
          ...statements,
        ],
      }),
    },
  });
  checkPolicySize(role, 'give some of its aliases to another endpoint, or some endpoints to another stack');
  return role;
}
