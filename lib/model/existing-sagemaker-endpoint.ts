import * as iam from 'aws-cdk-lib/aws-iam';
import { Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { SAGEMAKER_PAYLOAD_BYTES, SAGEMAKER_TIMEOUT_SECONDS } from '../core/aws-limits';
import { goesWithVersion } from '../validate/policy-size';
import { identify } from './digest';
import { allowInvocation } from './invoke-permission';
import type { ModelBindOptions } from './model-bind-options';
import { type ModelVersion, versionOf } from './model-version';
import { SageMakerEndpointVersion, type SageMakerEndpointVersionProps } from './sagemaker-endpoint-version';
import { nameProblem } from '../validate/names';

/** Which part of an endpoint that exists already serves, and within what limits. */
export interface ExistingSageMakerEndpointOptions {
  /**
   * A label of the version, part of its digest: another label is another version. Needed where what is named changes in place or is known
   * only at deployment; change it whenever that changes.
   *
   * @default - what is named tells the version
   */
  readonly version?: string;

  /**
   * Variant to call.
   *
   * @default - SageMaker chooses by its own weights
   */
  readonly targetVariant?: string;

  /**
   * Inference component to call.
   *
   * @default - the endpoint has none
   */
  readonly inferenceComponent?: string;

  /**
   * Largest request body, bytes.
   *
   * @default 6291456 - a real-time endpoint's limit; a serverless endpoint takes 4194304
   */
  readonly maxRequestBytes?: number;
}

/** @see Model.fromSageMakerEndpointName */
export class ExistingSageMakerEndpointBackend {
  constructor(private readonly endpointName: string, private readonly options: ExistingSageMakerEndpointOptions) {}

  public validate(): string[] {
    return [
      ...nameProblem('the name of the existing SageMaker endpoint', this.endpointName),
      ...nameProblem('targetVariant', this.options.targetVariant),
      ...nameProblem('inferenceComponent', this.options.inferenceComponent),
    ];
  }

  public bind(scope: Construct, options: ModelBindOptions): ModelVersion {
    const { targetVariant, inferenceComponent } = this.options;
    const identity = identify(scope, {
      kind: 'ExistingEndpoint',
      version: this.options.version,
      serves: this.endpointName,
      targetVariant,
      inferenceComponent,
    });
    return versionOf(scope, 'SageMakerEndpoint', identity, (id) =>
      new ExistingSageMakerEndpointVersion(scope, id, identity.digest, {
        endpointName: this.endpointName,
        targetVariant,
        inferenceComponent,
        maxRequestBytes: this.options.maxRequestBytes ?? SAGEMAKER_PAYLOAD_BYTES,
        timeout: Duration.seconds(SAGEMAKER_TIMEOUT_SECONDS),
      }, options),
    );
  }
}

/** A version that is an endpoint of somebody else, whose name says nothing: its permissions name it, and come and go with it. */
class ExistingSageMakerEndpointVersion extends SageMakerEndpointVersion {
  protected readonly permission: iam.Policy;

  constructor(scope: Construct, id: string, digest: string, props: SageMakerEndpointVersionProps, bind: ModelBindOptions) {
    super(scope, id, digest, props);
    const { inferenceComponent } = props;
    this.permission = allowInvocation(this, bind.invoker, ['sagemaker:InvokeEndpoint'], [
      this.endpointArn,
      ...(inferenceComponent === undefined
        ? []
        : [Stack.of(this).formatArn({ service: 'sagemaker', resource: 'inference-component', resourceName: inferenceComponent })]),
    ]);
  }

  /** @internal */
  public override _admitController(controller: iam.IRole): void {
    if (this.node.tryFindChild('Describe') === undefined) {
      goesWithVersion(new iam.Policy(this, 'Describe', {
        roles: [controller],
        statements: [new iam.PolicyStatement({ actions: ['sagemaker:DescribeEndpoint'], resources: [this.endpointArn] })],
      }));
    }
  }
}
