import type * as ecr from 'aws-cdk-lib/aws-ecr';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { functionProblems, type FunctionOptions } from './function-version';
import { bindFunction } from './lambda-model';
import type { ModelBindOptions } from './model-bind-options';
import { warnOfTag } from './model-image';
import type { ModelVersion } from './model-version';

/** A model that is a Lambda function from a container image. Give a directory or a repository. */
export interface LambdaImageModelOptions extends FunctionOptions {
  /**
   * Folder with a Dockerfile; building it needs Docker.
   *
   * @default - the image comes from `repository`
   */
  readonly directory?: string;

  /**
   * Repository with the image.
   *
   * @default - the image is built from `directory`
   */
  readonly repository?: ecr.IRepository;

  /**
   * Tag or digest (`sha256:…`) in `repository`. Only a digest names the same image for ever.
   *
   * @default - `latest`, with a warning
   */
  readonly tagOrDigest?: string;

  /**
   * Command of the image.
   *
   * @default - the image's own
   */
  readonly cmd?: string[];

  /**
   * Entry point of the image.
   *
   * @default - the image's own
   */
  readonly entrypoint?: string[];

  /**
   * Working directory of the image.
   *
   * @default - the image's own
   */
  readonly workingDirectory?: string;
}

/** @see Model.lambdaImage */
export class LambdaImageBackend {
  constructor(private readonly props: LambdaImageModelOptions) {}

  public validate(): string[] {
    const { props } = this;
    const problems = functionProblems('the Lambda image model', props);
    if ((props.directory === undefined) === (props.repository === undefined)) {
      problems.push('a Lambda image model needs either directory or repository; set exactly one of them');
    }
    if (props.tagOrDigest !== undefined && props.repository === undefined) {
      problems.push(`tagOrDigest is ${JSON.stringify(props.tagOrDigest)} without a repository; set repository or leave it out`);
    }
    if (props.snapStart !== undefined) {
      problems.push('a Lambda image model cannot have snapStart; leave it out, or use Model.lambdaFunction');
    }
    if (props.layers !== undefined && props.layers.length > 0) {
      problems.push(`a Lambda image model cannot have layers, but has ${props.layers.length}; put the libraries into the image`);
    }
    return problems;
  }

  public bind(scope: Construct, options: ModelBindOptions): ModelVersion {
    const { props } = this;
    const { cmd, entrypoint, workingDirectory } = props;
    if (props.repository !== undefined) {
      warnOfTag(scope, props.tagOrDigest ?? 'latest');
    }
    const code = props.repository !== undefined
      ? lambda.Code.fromEcrImage(props.repository, { tagOrDigest: props.tagOrDigest, cmd, entrypoint, workingDirectory })
      : lambda.Code.fromAssetImage(props.directory!, { cmd, entrypoint, workingDirectory });
    return bindFunction(
      scope, 'LambdaImage',
      { code, handler: lambda.Handler.FROM_IMAGE, runtime: lambda.Runtime.FROM_IMAGE },
      props, options,
    );
  }
}
