import * as iam from 'aws-cdk-lib/aws-iam';
import { ArnFormat, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge, wildcardFinding } from '../package/acknowledge';
import { goesWithVersion } from '../validate/policy-size';
import { versionNames } from './version-names';

/** What invokes versions of a kind, and how their resources are named in ARNs. */
const OWN = {
  InvokeFunctions: { action: 'lambda:InvokeFunction', service: 'lambda', resource: 'function', arnFormat: ArnFormat.COLON_RESOURCE_NAME },
  InvokeEndpoints: {
    action: 'sagemaker:InvokeEndpoint',
    service: 'sagemaker',
    resource: 'endpoint',
    arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  },
} as const;

/**
 * Let the router call the versions of a kind that are made in `scope`, by the beginning of their names: during a rollout that is both
 * versions, and at no time anything else. The policy is there before any version, and goes after the last.
 */
export function allowOwnVersions(scope: Construct, kind: keyof typeof OWN, invoker: iam.IRole): iam.Policy {
  const existing = scope.node.tryFindChild(kind) as iam.Policy | undefined;
  if (existing !== undefined) {
    return existing;
  }
  const { action, ...arn } = OWN[kind];
  const resource = Stack.of(scope).formatArn({ ...arn, resourceName: versionNames(scope) });
  const policy = new iam.Policy(scope, kind, {
    roles: [invoker],
    statements: [new iam.PolicyStatement({ actions: [action], resources: [resource] })],
  });
  acknowledge(policy, {
    [wildcardFinding(policy, resource)]: "the names of this endpoint's versions, and of nothing else, begin like this",
  });
  return policy;
}

/** Let the router call what is made elsewhere, by a policy that comes and goes with the version. */
export function allowInvocation(version: Construct, invoker: iam.IRole, actions: string[], resources: string[]): iam.Policy {
  return goesWithVersion(new iam.Policy(version, 'Invoke', {
    roles: [invoker],
    statements: [new iam.PolicyStatement({ actions, resources })],
  }));
}
