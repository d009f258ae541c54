import type { CfnPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import { Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { charactersOf } from './deployed-size';
import { resourcesOf } from './resources';

/** What IAM allows of all inline policies of a role together; white space does not count. */
export const INLINE_POLICY_CHARACTERS = 10_240;

/** Policies that are there twice while what they are for changes: of the old and of the new version. */
const TWICE = new WeakSet<IConstruct>();

/** A policy that comes and goes with a version. */
export function goesWithVersion<T extends IConstruct>(policy: T): T {
  TWICE.add(policy);
  return policy;
}

/**
 * Let the synthesis fail if a role would get more inline policies than IAM allows, at the latest in a deployment that changes every
 * version.
 */
export function checkPolicySize(role: IConstruct, remedy: string): void {
  role.node.addValidation({
    validate: () => {
      const { all, twice } = sizesFor(role).get(role.node.defaultChild as CfnRole) ?? { all: 0, twice: 0 };
      return all + twice <= INLINE_POLICY_CHARACTERS
        ? []
        : [
            `the inline policies of the role have about ${all + twice} characters while its versions change (${all}, and ${twice} once `
              + `more), but IAM allows ${INLINE_POLICY_CHARACTERS}; ${remedy}`,
          ];
    },
  });
}

interface Size {
  readonly all: number;
  readonly twice: number;
}

/** Of each stack: the sizes, and which roles have been told theirs. */
const MEASURED = new WeakMap<Stack, { readonly sizes: ReadonlyMap<CfnRole, Size>; readonly told: Set<IConstruct> }>();

/** Measured once for all roles of a stack; one that asks again does so in another synthesis, where policies may be others. */
function sizesFor(role: IConstruct): ReadonlyMap<CfnRole, Size> {
  const stack = Stack.of(role);
  let measured = MEASURED.get(stack);
  if (measured === undefined || measured.told.has(role)) {
    measured = { sizes: sizesIn(stack), told: new Set() };
    MEASURED.set(stack, measured);
  }
  measured.told.add(role);
  return measured.sizes;
}

function sizesIn(stack: Stack): ReadonlyMap<CfnRole, Size> {
  const sizes = new Map<CfnRole, Size>();
  const roles = new Map(resourcesOf<CfnRole>(stack, 'AWS::IAM::Role').map((role) => [stack.resolve(role.logicalId) as string, role]));
  const add = (role: CfnRole, document: unknown, twice: boolean): void => {
    const size = charactersOf(stack, document);
    const before = sizes.get(role) ?? { all: 0, twice: 0 };
    sizes.set(role, { all: before.all + size, twice: before.twice + (twice ? size : 0) });
  };
  for (const role of roles.values()) {
    const policies = (stack.resolve(role.policies) ?? []) as { readonly policyDocument: unknown }[];
    policies.forEach(({ policyDocument }) => add(role, policyDocument, false));
  }
  for (const policy of resourcesOf<CfnPolicy>(stack, 'AWS::IAM::Policy')) {
    const attached = (stack.resolve(policy.roles) ?? []) as { readonly Ref?: string }[];
    const twice = policy.node.scope !== undefined && TWICE.has(policy.node.scope);
    attached
      .flatMap(({ Ref: id }) => (id === undefined ? [] : (roles.get(id) ?? [])))
      .forEach((role) => add(role, policy.policyDocument, twice));
  }
  return sizes;
}
