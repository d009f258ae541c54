import * as ecr from 'aws-cdk-lib/aws-ecr';
import { DockerImageAsset } from 'aws-cdk-lib/aws-ecr-assets';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Stack, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { failTogether } from '../validate/fail-together';
import { ecrAddress } from './ecr-address';
import { OfStack } from './of-stack';
import { warn } from '../validate/warn';

/** Where a container image is, once a model is bound. */
export interface ModelImageConfig {
  /** Address of the image. */
  readonly imageUri: string;

  /**
   * Repository that the model's role must be able to read.
   *
   * @default - no permission is given
   */
  readonly repository?: ecr.IRepository;
}

/** A container image that speaks SageMaker's contract: `/ping` and `/invocations` on port 8080. */
export abstract class ModelImage {
  /**
   * An image in Amazon ECR. Only a digest (`sha256:…`) names the same image for ever; a tag gives a warning.
   */
  public static fromEcr(repository: ecr.IRepository, tagOrDigest: string): ModelImage {
    return new Image((scope) => {
      warnOfTag(scope, tagOrDigest);
      return { imageUri: repository.repositoryUriForTagOrDigest(tagOrDigest), repository };
    });
  }

  /**
   * An image built from a folder with a Dockerfile; building it needs Docker.
   */
  public static fromAsset(directory: string): ModelImage {
    return new Image((scope) => {
      const { imageUri, repository } = new DockerImageAsset(scope, idIn(scope), { directory });
      return { imageUri, repository };
    });
  }

  /**
   * An image by its address in Amazon ECR: of this account, of another one that lets this one pull, or one of SageMaker's own. The model's
   * role may pull it.
   * SageMaker pulls from private registries of its own region; `public.ecr.aws` and others are within reach by a pull-through cache.
   */
  public static fromUri(imageUri: string): ModelImage {
    return new Image((scope) => {
      const address = ecrAddress(imageUri);
      if (address === undefined) {
        warn(
          scope,
          'imageNotInEcr',
          `the image ${Token.isUnresolved(imageUri) ? 'whose address is known only at deployment' : JSON.stringify(imageUri)} is not `
            + 'seen to be in a private repository of Amazon ECR, ' +
            'the only place that SageMaker pulls from, and no permission to pull it is given; copy it there, use a pull-through cache, '
              + 'or give the repository with ModelImage.fromEcr',
        );
        return { imageUri };
      }
      const { account, region, repository } = address;
      const stack = Stack.of(scope);
      failTogether(
        Token.isUnresolved(region) || Token.isUnresolved(stack.region) || region === stack.region
          ? []
          : [
              `the image ${JSON.stringify(imageUri)} is in ${region}, but SageMaker pulls only from its own region, ${stack.region}; `
                + `replicate the repository there, or use the address in ${stack.region}`,
            ],
        scope,
      );
      return {
        imageUri,
        repository: ecr.Repository.fromRepositoryAttributes(scope, idIn(scope), {
          repositoryArn: stack.formatArn({ service: 'ecr', account, region, resource: 'repository', resourceName: repository }),
          repositoryName: repository,
        }),
      };
    });
  }

  /** Find, or define, the image. */
  public abstract bind(scope: Construct): ModelImageConfig;
}

class Image extends ModelImage {
  private readonly config: OfStack<ModelImageConfig>;

  constructor(find: (scope: Construct) => ModelImageConfig) {
    super();
    this.config = new OfStack(find);
  }

  public bind(scope: Construct): ModelImageConfig {
    return this.config.in(scope);
  }
}

/** Let a role pull the image. */
export function grantImage(config: ModelImageConfig, role: iam.IGrantable): void {
  config.repository?.grantPull(role);
}

/** What is behind a tag may change without a new version; a tag that is known only at deployment is the digest's business. */
export function warnOfTag(scope: Construct, tagOrDigest: string): void {
  if (!tagOrDigest.startsWith('sha256:') && !Token.isUnresolved(tagOrDigest)) {
    warn(
      scope,
      'mutableImage',
      `the image ${JSON.stringify(tagOrDigest)} is named by a tag: a new image under it is neither a new version nor a rollout; name it by `
        + 'its digest (sha256:…)',
    );
  }
}

function idIn(scope: Construct): string {
  return `Image${scope.node.children.length}`;
}
