import { CfnPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import { CfnResource, Stack, Token } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

/** What IAM allows of all inline policies of a role together; white space does not count. */
export const INLINE_POLICY_CHARACTERS = 10_240;

/** Policies that are there twice while what they are for changes: of the old and of the new version. */
const TWICE = new WeakSet<IConstruct>();

/** A policy that comes and goes with a version. */
export function goesWithVersion<T extends IConstruct>(policy: T): T {
  TWICE.add(policy);
  return policy;
}

/** Let the synthesis fail if a role would get more inline policies than IAM allows, at the latest in a deployment that changes every version. */
export function checkPolicySize(role: IConstruct, remedy: string): void {
  role.node.addValidation({
    validate: () => {
      const { all, twice } = sizesIn(Stack.of(role)).get(role.node.defaultChild as CfnRole) ?? { all: 0, twice: 0 };
      return all + twice <= INLINE_POLICY_CHARACTERS
        ? []
        : [`the inline policies of the role have about ${all + twice} characters while its versions change (${all}, and ${twice} once more), but IAM allows ${INLINE_POLICY_CHARACTERS}; ${remedy}`];
    },
  });
}

interface Size {
  readonly all: number;
  readonly twice: number;
}

function sizesIn(stack: Stack): ReadonlyMap<CfnRole, Size> {
  const sizes = new Map<CfnRole, Size>();
  const children = stack.node.findAll().filter((child): child is CfnResource => CfnResource.isCfnResource(child) && Stack.of(child) === stack);
  const roles = new Map(children.filter((child) => child instanceof CfnRole).map((role) => [stack.resolve(role.logicalId) as string, role]));
  const add = (role: CfnRole, document: unknown, twice: boolean): void => {
    const size = charactersOf(stack, document);
    const before = sizes.get(role) ?? { all: 0, twice: 0 };
    sizes.set(role, { all: before.all + size, twice: before.twice + (twice ? size : 0) });
  };
  for (const role of roles.values()) {
    const policies = (stack.resolve(role.policies) ?? []) as { readonly policyDocument: unknown }[];
    policies.forEach(({ policyDocument }) => add(role, policyDocument, false));
  }
  for (const policy of children.filter((child) => child instanceof CfnPolicy)) {
    const attached = (stack.resolve(policy.roles) ?? []) as { readonly Ref?: string }[];
    const twice = policy.node.scope !== undefined && TWICE.has(policy.node.scope);
    attached.flatMap(({ Ref: id }) => (id === undefined ? [] : roles.get(id) ?? [])).forEach((role) => add(role, policy.policyDocument, twice));
  }
  return sizes;
}

/** What a document will have at deployment; of names that CloudFormation makes, the longest. */
function charactersOf(stack: Stack, document: unknown): number {
  return JSON.stringify(texts(stack, stack.resolve(document))).length;
}

/** Characters of an ARN before the resource's name, in the region with the longest name. */
const ARN_CHARACTERS = 'arn:aws:kinesisanalytics:ap-southeast-1:111111111111:'.length;
const RANDOM_CHARACTERS = 14;
const NAME_CHARACTERS = 64;
const PSEUDO: { readonly [name: string]: string } = {
  'AWS::AccountId': '1'.repeat(12), 'AWS::Partition': 'aws', 'AWS::Region': 'ap-southeast-1', 'AWS::StackId': 's'.repeat(ARN_CHARACTERS + 128 + 37), 'AWS::URLSuffix': 'amazonaws.com',
};

function texts(stack: Stack, value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => texts(stack, item));
  }
  if (value === null || typeof value !== 'object') {
    return value;
  }
  const { Ref: ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as { readonly Ref?: string; readonly 'Fn::GetAtt'?: readonly [string, string]; readonly 'Fn::Join'?: [string, unknown[]] };
  if (join !== undefined) {
    return join[1].map((part) => texts(stack, part)).join(join[0]);
  }
  if (ref !== undefined && ref in PSEUDO) {
    return PSEUDO[ref];
  }
  const id = ref ?? attribute?.[0];
  if (id !== undefined || Object.keys(value)[0]?.startsWith('Fn::')) {
    const name = (Token.isUnresolved(stack.stackName) ? NAME_CHARACTERS : stack.stackName.length) + (id ?? '').length + RANDOM_CHARACTERS;
    return 'x'.repeat(Math.min(name, NAME_CHARACTERS) + (attribute === undefined ? 0 : ARN_CHARACTERS));
  }
  return Object.fromEntries(Object.entries(value).map(([member, item]) => [member, texts(stack, item)]));
}
