import { type Stack, Token } from 'aws-cdk-lib/core';

/** Bytes that a value will have as JSON once it is deployed; of names that CloudFormation makes, the longest. */
export function charactersOf(stack: Stack, value: unknown): number {
  return Buffer.byteLength(JSON.stringify(texts(stack, stack.resolve(value)) ?? null));
}

/** Characters of an ARN before the resource's name, in the region with the longest name. */
const ARN_CHARACTERS = 'arn:aws:kinesisanalytics:ap-southeast-1:111111111111:'.length;
const RANDOM_CHARACTERS = 14;
const NAME_CHARACTERS = 64;
const PSEUDO: { readonly [name: string]: string } = {
  'AWS::AccountId': '1'.repeat(12),
  'AWS::Partition': 'aws',
  'AWS::Region': 'ap-southeast-1',
  'AWS::StackId': 's'.repeat(ARN_CHARACTERS + 128 + 37),
  'AWS::URLSuffix': 'amazonaws.com',
};

function texts(stack: Stack, value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => texts(stack, item));
  }
  if (value === null || typeof value !== 'object') {
    return value;
  }
  const {
    Ref: ref,
    'Fn::GetAtt': attribute,
    'Fn::Join': join,
  } = value as { readonly Ref?: string; readonly 'Fn::GetAtt'?: readonly [string, string]; readonly 'Fn::Join'?: [string, unknown[]] };
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
