import type * as ecr from 'aws-cdk-lib/aws-ecr';
import { DockerImageAsset } from 'aws-cdk-lib/aws-ecr-assets';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Annotations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/** Where a container image is, once a model is bound. */
export interface ModelImageConfig {
  /** Address of the image. */
  readonly imageUri: string;

  /**
   * Repository that the model's role must be able to read.
   *
   * @default - no permission is given; SageMaker's own images need none
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
      if (!tagOrDigest.startsWith('sha256:')) {
        Annotations.of(scope).addWarningV2(
          'cdk-model-rollout:mutableImage',
          `the image ${JSON.stringify(tagOrDigest)} is named by a tag: a new image under it is no new version and no rollout; `
            + 'name it by its digest (sha256:…)',
        );
      }
      return { imageUri: repository.repositoryUriForTagOrDigest(tagOrDigest), repository };
    });
  }

  /**
   * An image built from a folder with a Dockerfile; building it needs Docker.
   */
  public static fromAsset(directory: string): ModelImage {
    let asset: DockerImageAsset | undefined;
    return new Image((scope) => {
      asset ??= new DockerImageAsset(scope, `Image${scope.node.children.length}`, { directory });
      return { imageUri: asset.imageUri, repository: asset.repository };
    });
  }

  /**
   * An image by its address, such as one of SageMaker's own.
   */
  public static fromUri(imageUri: string): ModelImage {
    return new Image(() => ({ imageUri }));
  }

  /** Find, or define, the image. */
  public abstract bind(scope: Construct): ModelImageConfig;
}

class Image extends ModelImage {
  constructor(private readonly find: (scope: Construct) => ModelImageConfig) {
    super();
  }

  public bind(scope: Construct): ModelImageConfig {
    return this.find(scope);
  }
}

/** Let a role pull the image. */
export function grantImage(config: ModelImageConfig, role: iam.IGrantable): void {
  config.repository?.grantPull(role);
}
