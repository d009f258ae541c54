import type { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Target } from '../core/routing/route';

/**
 * One immutable deployment of a model: its resources, and the permission of the router to invoke it.
 */
export abstract class ModelVersion extends Construct {
  /** Digest of everything that makes the version what it is, 64 hexadecimal characters. */
  public abstract readonly digest: string;

  /** The longest that the backend may take to answer. */
  public abstract readonly timeout: Duration;

  /**
   * How the router reaches the version.
   *
   * @internal
   */
  public abstract _target(): Target;
}
