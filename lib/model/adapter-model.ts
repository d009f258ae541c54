import type { Construct } from 'constructs';
import type { BaseModel } from './base-model';
import { ComponentVersion } from './component-version';
import { identify } from './digest';
import type { ModelArtifact } from './model-artifact';
import type { ModelBindOptions } from './model-bind-options';
import { type ModelVersion, versionOf } from './model-version';
import { versionName } from './version-names';

/** An adapter (LoRA) of a base model on shared instances. */
export interface SageMakerAdapterModelOptions {
  /** The model that it adapts. A changed base is another version of the adapter. */
  readonly base: BaseModel;

  /** The adapter itself, a `tar.gz` as the base's container reads it. */
  readonly artifact: ModelArtifact;

  /**
   * A label of the version, part of its digest; needed where what it refers to is known only at deployment.
   *
   * @default - it is told by its content
   */
  readonly version?: string;
}

/** @see Model.sageMakerAdapter */
export class SageMakerAdapterBackend {
  constructor(private readonly props: SageMakerAdapterModelOptions) {}

  public validate(): string[] {
    return this.props.artifact._problems();
  }

  public bind(scope: Construct, options: ModelBindOptions): ModelVersion {
    const { base, artifact, version } = this.props;
    const { identity: content, url } = artifact.bind(scope);
    const identity = identify(scope, {
      kind: 'SageMakerAdapter', version, base: base._identity, on: base.componentName, artifact: content ?? url,
    });
    return versionOf(scope, 'Adapter', identity, (id) => {
      const adapter = new ComponentVersion(scope, id, identity.digest, {
        on: base.on, artifact,
        name: versionName(scope, identity.digest),
        specification: { baseInferenceComponentName: base.componentName },
      }, options);
      // The base is there before it, and goes after it.
      adapter.component.node.addDependency(base._component);
      return adapter;
    });
  }
}
