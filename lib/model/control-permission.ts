import * as iam from 'aws-cdk-lib/aws-iam';
import { acknowledge, wildcardFinding } from '../package/acknowledge';

/**
 * Let the controller, which all rollouts of the stack share, do something with the stack's own versions: one policy for all of them, whose
 * text never changes.
 */
export function allowOfStack(
  controller: iam.IRole,
  id: string,
  wildcards: { readonly [resource: string]: string },
  statements: iam.PolicyStatement[],
): void {
  if (controller.node.tryFindChild(id) === undefined) {
    const policy = new iam.Policy(controller, id, { roles: [controller], statements });
    acknowledge(policy, {
      ...Object.fromEntries(Object.entries(wildcards).map(([resource, reason]) => [wildcardFinding(policy, resource), reason])),
      'AwsSolutions-IAM5[Resource::*]':
        'scalable targets are named when they are made, and conditions name what they scale; the account has one concurrency',
    });
  }
}
