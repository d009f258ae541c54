import { Annotations } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { helpOnWarning } from '../core/documentation';

/** Warn of what is legal and seldom meant. `name` is what the page of help calls it, and what it is acknowledged by. */
export function warn(scope: IConstruct, name: string, message: string): void {
  Annotations.of(scope).addWarningV2(idOf(name), `${message}. See ${helpOnWarning(name)}`);
}

/** Take a warning of this library back, for a reason that it knows itself. */
export function acknowledge(scope: IConstruct, name: string, reason: string): void {
  Annotations.of(scope).acknowledgeWarning(idOf(name), reason);
}

function idOf(name: string): string {
  return `cdk-model-rollout:${name}`;
}
