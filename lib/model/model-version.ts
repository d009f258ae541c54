import type { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Target } from '../core/routing/route';
import { shortDigest } from './digest';

/**
 * One immutable deployment of a model: its resources, and the permission of the router to invoke it.
 */
export abstract class ModelVersion extends Construct {
  /** Digest of everything that makes the version what it is, 64 hexadecimal characters. */
  public readonly digest: string;

  /** The longest that the backend may take to answer. */
  public abstract readonly timeout: Duration;

  constructor(scope: Construct, id: string, digest: string) {
    super(scope, id);
    this.digest = digest;
  }

  /**
   * How the router reaches the version.
   *
   * @internal
   */
  public abstract _target(): Target;
}

/** The version of this kind and digest under `scope`, defined now unless it is there already. */
export function versionOf<T extends ModelVersion>(scope: Construct, kind: string, digest: string, define: (id: string) => T): T {
  const id = `${kind}-${shortDigest(digest)}`;
  return (scope.node.tryFindChild(id) as T | undefined) ?? define(id);
}
