
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { SageMakerAdapterBackend, type SageMakerAdapterModelOptions } from './adapter-model';
import { BedrockModelBackend } from './bedrock-model';
import type { BedrockModelOptions } from './bedrock-options';
import { SageMakerComponentBackend, type SageMakerComponentModelOptions } from './component-model';
import { ExistingFunctionBackend, type ExistingFunctionOptions } from './existing-function';
import { ExistingSageMakerEndpointBackend, type ExistingSageMakerEndpointOptions } from './existing-sagemaker-endpoint';
import { HttpModelBackend, type HttpModelOptions } from './http-model';
import { LambdaBackend, type LambdaFunctionModelOptions } from './lambda-model';
import { LambdaImageBackend, type LambdaImageModelOptions } from './lambda-image-model';
import type { MlflowModel } from './mlflow-model';
import { MlflowModelBackend, type MlflowModelOptions } from './mlflow-model-backend';
import type { ModelPackage } from './model-package';
import { ModelPackageBackend, type ModelPackageOptions } from './model-package-model';
import type { ModelVersion } from './model-version';
import { PythonFunctionBackend, type PythonFunctionModelOptions } from './python-function-model';
import { SageMakerBackend, type SageMakerModelOptions } from './sagemaker-model';
import { SageMakerServerlessBackend, type SageMakerServerlessModelOptions } from './sagemaker-serverless-model';
import type { ModelBindOptions } from './model-bind-options';

/**
 * What serves predictions: code or a container, an artifact and settings.
 *
 * A model creates nothing until an endpoint binds it. The same digest gives the same resources; a changed digest gives
 * new resources beside the old ones, which CloudFormation removes only after the update.
 */
export abstract class Model {
  /**
   * A Lambda function from code of any runtime. Creates the function with a role and a log group of its own.
   */
  public static lambdaFunction(props: LambdaFunctionModelOptions): Model {
    return new BackendModel(new LambdaBackend(props));
  }

  /**
   * A Lambda function from a container image, built from a folder or taken from Amazon ECR.
   */
  public static lambdaImage(props: LambdaImageModelOptions): Model {
    return new BackendModel(new LambdaImageBackend(props));
  }

  /**
   * A Python folder with a plain function `predict(input)`, served as a REST model without any AWS code of its own.
   */
  public static pythonFunction(props: PythonFunctionModelOptions): Model {
    return new BackendModel(new PythonFunctionBackend(props));
  }

  /**
   * A SageMaker real-time endpoint on instances of its own.
   */
  public static sageMaker(props: SageMakerModelOptions): Model {
    return new BackendModel(new SageMakerBackend(props));
  }

  /**
   * A SageMaker serverless endpoint.
   */
  public static sageMakerServerless(props: SageMakerServerlessModelOptions): Model {
    return new BackendModel(new SageMakerServerlessBackend(props));
  }

  /**
   * An inference component on instances that models share: {@link SharedCapacity}. A candidate is a second component on the same instances,
   * and no second fleet.
   */
  public static sageMakerComponent(props: SageMakerComponentModelOptions): Model {
    return new BackendModel(new SageMakerComponentBackend(props));
  }

  /**
   * An adapter (LoRA) of a {@link BaseModel} on shared instances: a candidate takes no instances and no memory of its own but the
   * adapter's.
   */
  public static sageMakerAdapter(props: SageMakerAdapterModelOptions): Model {
    return new BackendModel(new SageMakerAdapterBackend(props));
  }

  /**
   * A package of SageMaker's model registry, on a SageMaker real-time endpoint. Image, artifact and environment come from the package,
   * whose ARN is part of the version's digest, and which must be approved. Synthesis asks nobody: `model-rollout registry` looks the
   * package up and keeps it in `cdk.context.json`, where a commit shows which package it is, and only you change it.
   */
  public static fromModelPackage(source: ModelPackage, options: ModelPackageOptions): Model {
    return new BackendModel(new ModelPackageBackend(source, options));
  }

  /**
   * A model that is registered with MLflow, on a SageMaker real-time endpoint: its folder in S3 is what your image serves, such as one of
   * `mlflow sagemaker build-and-push-container`. Name, version, run and content are part of the version's digest. Synthesis asks nobody:
   * `model-rollout registry` looks the version up and keeps it in `cdk.context.json`, where a commit shows which version it is, and only
   * you change it. The example and signature with which it was logged are its smoke test, unless the rollout has others.
   */
  public static fromMlflow(source: MlflowModel, options: MlflowModelOptions): Model {
    return new BackendModel(new MlflowModelBackend(source, options));
  }

  /**
   * A function that is deployed already, here or elsewhere. What it serves must not change: of a function of the app give a version, such
   * as `fn.currentVersion`.
   */
  public static fromFunction(fn: lambda.IFunction, options: ExistingFunctionOptions = {}): Model {
    return new BackendModel(new ExistingFunctionBackend(fn, options));
  }

  /**
   * A SageMaker endpoint of this account and region that is deployed already.
   *
   * @param endpointName name of the endpoint
   */
  public static fromSageMakerEndpointName(endpointName: string, options: ExistingSageMakerEndpointOptions = {}): Model {
    return new BackendModel(new ExistingSageMakerEndpointBackend(endpointName, options));
  }

  /**
   * A model server that runs anywhere and is reached by HTTP: vLLM, TGI, Triton, KServe, a service on ECS or EKS, a vendor. You run
   * the server; a rollout only decides which one gets the requests.
   */
  public static http(props: HttpModelOptions): Model {
    return new BackendModel(new HttpModelBackend(props));
  }

  /**
   * A model of Amazon Bedrock with its prompt, guardrail, inference parameters and tools, asked by Converse: all of it is one version, so
   * that a new prompt is a rollout as a new model is.
   */
  public static bedrock(props: BedrockModelOptions): Model {
    return new BackendModel(new BedrockModelBackend(props));
  }

  /**
   * It generates text, as language models do.
   *
   * @internal
   */
  public readonly _generates: boolean = false;

  /**
   * What is wrong with the settings, a sentence each with value, limit and remedy. The endpoint reports the problems
   * of all its models together.
   */
  public abstract validate(): string[];

  /**
   * Define the version's resources in `scope`, or return the version that is there already with the same digest.
   */
  public abstract bind(scope: Construct, options: ModelBindOptions): ModelVersion;
}

class BackendModel extends Model {
  /** @internal */
  public override readonly _generates: boolean;

  constructor(private readonly backend: ModelBackend) {
    super();
    this._generates = backend.generates ?? false;
  }

  public validate(): string[] {
    return this.backend.validate();
  }

  public bind(scope: Construct, options: ModelBindOptions): ModelVersion {
    return this.backend.bind(scope, options);
  }
}

/** What a factory of {@link Model} has behind it. */
export interface ModelBackend {
  /** It is known to generate text. */
  readonly generates?: boolean;
  validate(): string[];
  bind(scope: Construct, options: ModelBindOptions): ModelVersion;
}
