import type * as kms from 'aws-cdk-lib/aws-kms';
import { type Size, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { containerEnvironmentProblems } from '../validate/environment';
import { known, wholeProblem } from '../validate/limits';
import { SAGEMAKER_SERVERLESS_PAYLOAD_BYTES } from '../core/aws-limits';
import { keyOf } from '../encryption/key-of';
import { identify } from './digest';
import type { ModelBindOptions } from './model-bind-options';
import { type ModelVersion, versionOf } from './model-version';
import { grantVolumeKey, sageMakerIdentity, type SageMakerOptions, SageMakerVersion } from './sagemaker-version';

/**
 * A model on a SageMaker serverless endpoint: no instances, billed by use, with cold starts. SageMaker offers neither GPUs, nor
 * VPCs, nor data capture there, so there is nothing here to ask for them.
 */
export interface SageMakerServerlessModelOptions extends SageMakerOptions {
  /**
   * Memory: 1, 2, 3, 4, 5 or 6 GiB.
   *
   * @default 2 GiB
   */
  readonly memorySize?: Size;

  /**
   * Requests served at the same time, 1 to 200; beyond that callers get 429.
   *
   * @default 20
   */
  readonly maxConcurrency?: number;

  /**
   * Requests for which capacity is kept initialised, 1 to `maxConcurrency`; billed while the version exists.
   *
   * @default - none: a request may wait for a cold start
   */
  readonly provisionedConcurrency?: number;

  /**
   * Key that encrypts SageMaker's copy of the image.
   *
   * @default - the endpoint's `encryptionKey`; without one SageMaker's own
   */
  readonly encryptionKey?: kms.IKey;
}

/** @see Model.sageMakerServerless */
export class SageMakerServerlessBackend {
  private readonly memory: number;
  private readonly concurrency: number;

  constructor(private readonly props: SageMakerServerlessModelOptions) {
    this.memory = props.memorySize?.toMebibytes() ?? 2048;
    this.concurrency = props.maxConcurrency ?? 20;
  }

  public validate(): string[] {
    const { memory, concurrency, props } = this;
    const problems = [
      ...(props.artifact?._problems() ?? []),
      ...containerEnvironmentProblems('the serverless model', props.environment),
      ...wholeProblem(
        'maxConcurrency of the serverless model',
        concurrency,
        [1, 200],
        'requests',
        'a busier model needs instances (Model.sageMaker)',
      ),
      ...wholeProblem(
        'provisionedConcurrency of the serverless model',
        props.provisionedConcurrency,
        [1, 200],
        'requests',
        'leave it out for none',
      ),
    ];
    if (!Token.isUnresolved(memory) && ![1024, 2048, 3072, 4096, 5120, 6144].includes(memory)) {
      problems.push(
        `memorySize of the serverless model is ${memory} MiB, but must be 1024, 2048, 3072, 4096, 5120 or 6144; `
          + 'a larger model, or one that needs a GPU, needs instances (Model.sageMaker)',
      );
    }
    const provisioned = props.provisionedConcurrency;
    if (provisioned !== undefined && !Token.isUnresolved(provisioned) && !Token.isUnresolved(concurrency) && provisioned > concurrency) {
      problems.push(
        `provisionedConcurrency of the serverless model is ${provisioned}, more than maxConcurrency, which is ${concurrency}; raise `
          + 'the latter',
      );
    }
    return problems;
  }

  public bind(scope: Construct, options: ModelBindOptions): ModelVersion {
    const { memory, concurrency, props } = this;
    const identity = identify(scope, {
      kind: 'SageMakerServerless',
      ...sageMakerIdentity(scope, props),
      memory,
      concurrency,
      provisioned: props.provisionedConcurrency,
      key: this.key(scope)?.keyArn,
    });
    return versionOf(scope, 'Serverless', identity, (id) => {
      const version = new SageMakerVersion(scope, id, identity.digest, {
        options: props,
        maxRequestBytes: SAGEMAKER_SERVERLESS_PAYLOAD_BYTES,
        variant: {
          serverlessConfig: { memorySizeInMb: memory, maxConcurrency: concurrency, provisionedConcurrency: props.provisionedConcurrency },
        },
        config: { kmsKeyId: this.key(scope)?.keyArn },
      }, options);
      if (props.role === undefined) {
        grantVolumeKey(this.key(scope), version.role);
      }
      version.declares({
        ...(known(concurrency) ? { concurrency: { setting: 'maxConcurrency', most: concurrency } } : {}),
        ...(known(props.provisionedConcurrency) ? { provisioned: props.provisionedConcurrency } : {}),
      });
      return version;
    });
  }

  /** Of SageMaker's copy of the image. */
  private key(scope: Construct): kms.IKey | undefined {
    return this.props.encryptionKey ?? keyOf(scope);
  }
}
