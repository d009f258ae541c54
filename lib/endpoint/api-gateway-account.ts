import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as iam from 'aws-cdk-lib/aws-iam';
import { RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge } from '../package/acknowledge';
import { idProblems, share, sharedOf } from '../package/shared';

const ID = '@ModelRolloutApiLogs';

/**
 * The role with which API Gateway writes logs. It is a setting of account and region, so a stack sets it once, however many
 * endpoints it has, and does not take it from other stacks when it is deleted.
 */
export class ApiGatewayAccount extends Construct {
  /** The setting of the stack, defined when it is first asked for. */
  public static of(scope: Construct): ApiGatewayAccount {
    return sharedOf<ApiGatewayAccount>(scope, ID) ?? new ApiGatewayAccount(Stack.of(scope), ID);
  }

  /** Why a stack cannot have the setting, or nothing. */
  public static problems(scope: Construct): string[] {
    return idProblems(scope, ID);
  }

  private constructor(scope: Construct, id: string) {
    super(scope, id);
    share(this);
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('apigateway.amazonaws.com'),
      managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonAPIGatewayPushToCloudWatchLogs')],
    });
    // Other stacks may use it; but a first deployment that fails leaves nothing behind. API Gateway documents no condition for this role's
    // trust.
    role.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    acknowledge(role, {
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]':
        'the role is for all APIs of the account, and this is the policy that API Gateway asks for',
    });
    new apigateway.CfnAccount(this, 'Resource', { cloudWatchRoleArn: role.roleArn }).applyRemovalPolicy(
      RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    );
  }
}
