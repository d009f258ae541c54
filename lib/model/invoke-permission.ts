import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/**
 * Let the router call a version, by a policy that belongs to the version: it comes and goes with it, so during a rollout both
 * versions may be called and at no time anything else.
 */
export function allowInvocation(version: Construct, invoker: iam.IRole, actions: string[], resources: string[]): void {
  new iam.Policy(version, 'Invoke', {
    roles: [invoker],
    statements: [new iam.PolicyStatement({ actions, resources })],
  });
}
