import { type Duration, Stack, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Target } from '../core/backends/backends';
import { ModelVersion } from './model-version';

/** How a SageMaker endpoint is reached. */
export interface SageMakerEndpointVersionProps {
  readonly endpointName: string;
  readonly targetVariant?: string;
  readonly inferenceComponent?: string;
  readonly maxRequestBytes: number;
  readonly timeout: Duration;
}

/** A version that is a SageMaker endpoint, made here or not. */
export abstract class SageMakerEndpointVersion extends ModelVersion {
  public readonly timeout: Duration;

  constructor(scope: Construct, id: string, digest: string, private readonly props: SageMakerEndpointVersionProps) {
    super(scope, id, digest);
    this.timeout = props.timeout;
  }

  protected get endpointArn(): string {
    const { endpointName } = this.props;
    return Stack.of(this).formatArn({
      service: 'sagemaker',
      resource: 'endpoint',
      resourceName: Token.isUnresolved(endpointName) ? endpointName : endpointName.toLowerCase(),
    });
  }

  /** @internal */
  public _target(): Target {
    const { endpointName, targetVariant, inferenceComponent, maxRequestBytes } = this.props;
    return { kind: 'sagemaker', endpointName, targetVariant, inferenceComponent, maxRequestBytes };
  }
}
