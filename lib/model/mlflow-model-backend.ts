import type * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import {
  mlflowContextKey, type MlflowQuery, mlflowRefusal, type PinnedMlflowModel, readMlflowPin,
} from '../core/registry/pinned-mlflow-model';
import { failTogether } from '../validate/fail-together';
import type { MlflowModel } from './mlflow-model';
import { ModelArtifact } from './model-artifact';
import type { ModelBindOptions } from './model-bind-options';
import type { ModelImage } from './model-image';
import { type ModelVersion, testsOf } from './model-version';
import { SageMakerBackend, type SageMakerInstanceOptions } from './sagemaker-model';

/** How a model that is registered with MLflow is served. */
export interface MlflowModelOptions extends SageMakerInstanceOptions {
  /**
   * Container image that serves the folder of a model in `/opt/ml/model`, and answers `/ping` and `/invocations` on port 8080, such as one
   * of `mlflow sagemaker build-and-push-container`. It must have what the model needs, or be able to install it when it starts.
   */
  readonly image: ModelImage;

  /**
   * Tags that the version must have on the MLflow server, such as `{ validation_status: 'approved' }`.
   *
   * @default - any version that is not archived is served
   */
  readonly requiredTags?: { [tag: string]: string };

  /**
   * Key that encrypts the artifacts in S3; the execution role may decrypt with it.
   *
   * @default - the artifacts are encrypted by S3's own keys, or the role that you give may decrypt them
   */
  readonly artifactEncryptionKey?: kms.IKey;
}

/** What MLflow itself tells a container that it deploys to SageMaker (`mlflow.sagemaker`, `_get_deployment_config`). */
const ENVIRONMENT = { MLFLOW_DEPLOYMENT_FLAVOR_NAME: 'python_function', SERVING_ENVIRONMENT: 'SageMaker' };

/** @see Model.fromMlflow */
export class MlflowModelBackend {
  private readonly serving: SageMakerInstanceOptions & { readonly image: ModelImage };

  constructor(private readonly source: MlflowModel, private readonly options: MlflowModelOptions) {
    const { artifactEncryptionKey: _, requiredTags: __, ...serving } = options;
    this.serving = { ...serving, environment: { ...ENVIRONMENT, ...serving.environment } };
  }

  public validate(): string[] {
    return [...this.source._problems(), ...new SageMakerBackend(this.serving).validate()];
  }

  public bind(scope: Construct, options: ModelBindOptions): ModelVersion {
    const found = this.find(scope);
    failTogether('problem' in found ? [found.problem] : [], scope);
    const { artifact, content, model, version: number, run, requests, answers } = found as PinnedMlflowModel;
    const version = new SageMakerBackend(
      {
        ...this.serving,
        artifact: ModelArtifact._fromFolder(artifact, {
          identity: `${artifact} ${content}`, encryptionKey: this.options.artifactEncryptionKey,
        }),
      },
      { mlflow: model, version: number, run },
    ).bind(scope, options);
    version._registeredTests = testsOf(requests, answers);
    return version;
  }

  /** The version that the app's context has, or why it is not served. */
  private find(scope: Construct): PinnedMlflowModel | { readonly problem: string } {
    const { _query: query } = this.source;
    const { requiredTags } = this.options;
    const [key, command] = [mlflowContextKey(query), commandFor(query, requiredTags)];
    const kept: unknown = scope.node.tryGetContext(key);
    if (kept === undefined) {
      return { problem: `${wordsOf(query)} is not in the app's context; look it up with ${command} and commit cdk.context.json` };
    }
    const pin = readMlflowPin(kept);
    if (pin === undefined) {
      return {
        problem: `what the app's context has under ${JSON.stringify(key)} is no model of MLflow; look it up anew with ${command} --renew`,
      };
    }
    const refusal = mlflowRefusal(pin, requiredTags);
    return refusal === undefined
      ? pin
      : {
          problem: `${refusal}; set that right on the MLflow server or choose another version, then run ${command} --renew and commit `
            + 'cdk.context.json',
        };
  }
}

function wordsOf({ server, model, version, alias }: MlflowQuery): string {
  return `${alias === undefined ? `version ${version}` : `the version with alias ${JSON.stringify(alias)}`} of model `
    + `${JSON.stringify(model)} (${server})`;
}

function commandFor({ server, model, version, alias }: MlflowQuery, tags: { readonly [tag: string]: string } = {}): string {
  return [
    `npx model-rollout registry --mlflow ${server} --model ${quoted(model)}`,
    alias === undefined ? `--model-version ${version}` : `--alias ${alias}`,
    ...Object.entries(tags).map((tag) => `--require-tag ${quoted(tag.join('='))}`),
  ].join(' ');
}

/** As a shell takes it. */
function quoted(text: string): string {
  return /^[\w./:=@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
