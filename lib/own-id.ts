import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { ControlPlaneId } from './core/names';
import { failTogether } from './errors';

/** The id, if the scope can have it: in a stack one is taken by what its endpoints share. */
export function ownId(scope: Construct, id: string): string {
  failTogether(
    id === ControlPlaneId.ROOT && Stack.isStack(scope)
      ? [`the id ${JSON.stringify(id)} is taken in every stack with a ModelEndpoint, by what the endpoints share; choose another id`]
      : [],
    scope,
  );
  return id;
}
