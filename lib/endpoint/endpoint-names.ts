import { Stack, Token } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

/** Endpoints of an app by their names. */
const NAMES = new WeakMap<IConstruct, Map<string, IConstruct[]>>();

/**
 * Why an endpoint cannot have a name, as far as an app can know; nothing if it can, and then it is taken. Endpoints of one name have one
 * route in a stack, and one set of metrics in an account and region. Stacks whose account or region is not known may be deployed to
 * different ones.
 */
export function takeName(endpoint: IConstruct, name: string): string[] {
  if (Token.isUnresolved(name)) {
    return [];
  }
  const { root } = endpoint.node;
  const names = NAMES.get(root) ?? new Map<string, IConstruct[]>();
  NAMES.set(root, names);
  const others = names.get(name) ?? [];
  const other = others.find((each) => meets(Stack.of(each), Stack.of(endpoint)));
  if (other !== undefined) {
    return [
      `endpointName is ${JSON.stringify(name)}, which ${other.node.path} has already in the same account and region; give one of them `
        + 'another name',
    ];
  }
  names.set(name, [...others, endpoint]);
  return [];
}

function meets(one: Stack, other: Stack): boolean {
  return (
    one === other ||
    (!Token.isUnresolved(one.account) && !Token.isUnresolved(one.region) && one.account === other.account && one.region === other.region)
  );
}
