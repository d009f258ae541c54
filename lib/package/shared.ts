import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/** Of what a stack has once for all of its endpoints; another copy of this package knows it too. */
const SHARED = Symbol.for('cdk-model-rollout.shared');

/** Make a construct of a stack the one that its endpoints share. */
export function share(construct: Construct): void {
  Object.defineProperty(construct, SHARED, { value: true });
}

/** What the endpoints of a stack share under an id, if it is there yet. */
export function sharedOf<T extends Construct>(scope: Construct, id: string): T | undefined {
  const child = Stack.of(scope).node.tryFindChild(id);
  return child !== undefined && SHARED in child ? (child as T) : undefined;
}

/** Why endpoints of a stack can share nothing under an id: somebody's own construct has it. */
export function idProblems(scope: Construct, id: string): string[] {
  const child = Stack.of(scope).node.tryFindChild(id);
  return child === undefined || SHARED in child
    ? []
    : [
        `${child.node.path} has the construct id ${JSON.stringify(id)}, under which the endpoints of a stack have what they share; choose `
          + 'another id',
      ];
}
