import { Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

/** A text that may have tokens, for people: references in angle brackets, as cdk-nag writes them too. */
export function readable(scope: IConstruct, text: string): string {
  return flat(Stack.of(scope).resolve(text));
}

function flat(value: unknown): string {
  const { Ref: ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as {
    readonly Ref?: string; readonly 'Fn::GetAtt'?: [string, string]; readonly 'Fn::Join'?: [string, unknown[]];
  };
  if (join !== undefined) {
    return join[1].map(flat).join(join[0]);
  }
  if (attribute !== undefined) {
    return `<${attribute.join('.')}>`;
  }
  return ref === undefined ? String(value) : `<${ref}>`;
}
