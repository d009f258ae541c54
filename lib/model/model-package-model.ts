import type * as kms from 'aws-cdk-lib/aws-kms';
import { Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { packageContextKey, type PackageQuery, type PinnedPackage, readPin, refusalOf } from '../core/registry/pinned-package';
import { failTogether } from '../validate/fail-together';
import { ModelArtifact } from './model-artifact';
import type { ModelBindOptions } from './model-bind-options';
import { ModelImage, warnOfTag } from './model-image';
import type { ModelPackage } from './model-package';
import { type ModelVersion, testsOf } from './model-version';
import { SageMakerBackend, type SageMakerInstanceOptions } from './sagemaker-model';

/** How a package of SageMaker's model registry is served. */
export interface ModelPackageOptions extends SageMakerInstanceOptions {
  /**
   * Key that encrypts the package's artifact in S3; the execution role may decrypt with it.
   *
   * @default - the artifact is encrypted by S3's own keys, or the role that you give may decrypt it
   */
  readonly artifactEncryptionKey?: kms.IKey;
}

/** @see Model.fromModelPackage */
export class ModelPackageBackend {
  constructor(private readonly source: ModelPackage, private readonly options: ModelPackageOptions) {}

  public validate(): string[] {
    // The image is the package's, which is known at the endpoint's place in the app.
    return new SageMakerBackend({ ...this.options, image: ModelImage.fromUri('') }).validate();
  }

  public bind(scope: Construct, options: ModelBindOptions): ModelVersion {
    const found = this.find(scope);
    failTogether('problem' in found ? [found.problem] : instanceTypeProblem(found, this.options.instanceType), scope);
    const pin = found as PinnedPackage;
    if (!pin.image.includes('@')) {
      warnOfTag(scope, pin.image);
    }
    const { artifactEncryptionKey: encryptionKey, ...rest } = this.options;
    const version = new SageMakerBackend(
      {
        ...rest,
        image: ModelImage.fromUri(pin.image),
        artifact: pin.artifact === undefined
          ? undefined
          : ModelArtifact._fromUrl(pin.artifact, { identity: [pin.artifact, pin.artifactETag].filter(Boolean).join(' '), encryptionKey }),
        environment: { ...pin.environment, ...rest.environment },
      },
      { package: pin.arn },
    ).bind(scope, options);
    version._modelPackage = pin.arn;
    version._registeredTests = testsOf(pin.requests);
    return version;
  }

  /** The package that the app's context has, or why it is not served. */
  private find(scope: Construct): PinnedPackage | { readonly problem: string } {
    const query = this.source._query(scope);
    if ('problem' in query) {
      return query;
    }
    const [key, command] = [packageContextKey(query), commandFor(query)];
    const kept: unknown = scope.node.tryGetContext(key);
    if (kept === undefined) {
      return {
        problem: `${wordsOf(query)} is not in the app's context; look it up with ${command} and commit cdk.context.json`,
      };
    }
    const pin = readPin(kept);
    if (pin === undefined || (pin.artifact !== undefined && !/^s3:\/\/[^/]+\/./.test(pin.artifact))) {
      return {
        problem: `what the app's context has under ${JSON.stringify(key)} is not a model package; look it up anew with ${command} --renew`,
      };
    }
    const refusal = refusalOf(pin);
    return refusal === undefined
      ? pin
      : { problem: `${refusal}; approve it in the registry or choose another, then run ${command} --renew and commit cdk.context.json` };
  }
}

function wordsOf({ arn, group, account, region }: PackageQuery): string {
  return arn === undefined
    ? `the newest approved model package of group ${JSON.stringify(group)} (${account}, ${region})`
    : `model package ${arn}`;
}

function commandFor({ arn, group, region }: PackageQuery): string {
  return arn === undefined
    ? `npx model-rollout registry --group ${group} --region ${region}`
    : `npx model-rollout registry --package ${arn}`;
}

function instanceTypeProblem({ arn, instanceTypes }: PinnedPackage, instanceType: string): string[] {
  return instanceTypes.length === 0 || Token.isUnresolved(instanceType) || instanceTypes.includes(instanceType)
    ? []
    : [
        `instanceType is ${JSON.stringify(instanceType)}, but model package ${arn} is for ${instanceTypes.slice(0, 8).join(', ')}; `
          + 'choose one of these, or register the package for more types',
      ];
}
