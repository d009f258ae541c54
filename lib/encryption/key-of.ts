import type * as kms from 'aws-cdk-lib/aws-kms';
import { Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { admitLogs } from './permissions';

/** Found by every construct below the one that it is given to, as context is. */
const CONTEXT = 'cdk-model-rollout.encryptionKey';

/**
 * From now on, before anything is defined below it, what rests below the construct is encrypted with the key; without one AWS's own keys
 * do.
 */
export function useKey(scope: Construct, key: kms.IKey | undefined): void {
  if (key !== undefined) {
    scope.node.setContext(CONTEXT, key);
    admitLogs(scope, key);
  }
}

/** The key for what rests at this place, if it is a customer's. */
export function keyOf(scope: Construct): kms.IKey | undefined {
  return scope.node.tryGetContext(CONTEXT) as kms.IKey | undefined;
}

/** What keeps AWS from using a key in a region. */
export function keyProblems(key: kms.IKey | undefined, region: string): string[] {
  const other = key?.env.region;
  return other === undefined || Token.isUnresolved(other) || Token.isUnresolved(region) || other === region
    ? []
    : [
        `encryptionKey is in ${other}, but logs, tables and functions of ${region} take only a key of their own region; give one in `
          + `${region}, such as a replica of a multi-Region key`,
      ];
}
