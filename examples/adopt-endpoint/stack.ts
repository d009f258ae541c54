import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib/core';
import { CanaryRollout, Model, ModelEndpoint } from 'cdk-model-rollout';
import type { Construct } from 'constructs';

export interface AdoptEndpointStackProps extends StackProps {
  /** Name of the SageMaker endpoint that answers. First the one that runs already, later the one that is to follow it. */
  readonly sageMakerEndpointName: string;
}

/**
 * An endpoint that another team or tool deployed, behind a URL that stays. Give another endpoint's name, and callers move to it as a
 * canary.
 */
export class AdoptEndpointStack extends Stack {
  constructor(scope: Construct, id: string, props: AdoptEndpointStackProps) {
    super(scope, id, props);
    // With SageMaker's own path, clients of its runtime need another address and nothing else.
    const endpoint = new ModelEndpoint(this, 'Endpoint', {
      model: Model.fromSageMakerEndpointName(props.sageMakerEndpointName),
      path: 'endpoints',
    });
    new CanaryRollout(this, 'Rollout', { endpoint });
    new CfnOutput(this, 'Url', { value: endpoint.url });
  }
}
