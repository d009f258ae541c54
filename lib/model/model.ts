import type * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { ModelVersion } from './model-version';

/** What a model is told when it becomes a version of an endpoint. */
export interface ModelBindOptions {
  /** The role of the endpoint's router; the version lets it, and nobody else, invoke it. */
  readonly invoker: iam.IRole;
}

/**
 * What serves predictions: code or a container, an artifact and settings.
 *
 * A model creates nothing until an endpoint binds it. The same digest gives the same resources; a changed digest gives
 * new resources beside the old ones, which CloudFormation removes only after the update.
 */
export abstract class Model {
  /**
   * What is wrong with the settings, a sentence each with value, limit and remedy. The endpoint reports the problems
   * of all its models together.
   */
  public validate(): string[] {
    return [];
  }

  /**
   * Define the version's resources in `scope`, or return the version that is there already with the same digest.
   */
  public abstract bind(scope: Construct, options: ModelBindOptions): ModelVersion;
}
