import { join } from 'node:path';
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib/core';
import { Assignment, Model, ModelEndpoint, TargetVariantAccess, type VariantOptions } from 'cdk-model-rollout';
import type { Construct } from 'constructs';

/** One of the trained models, whole or broken on purpose. */
export function digitsModel(artifact: 'v1' | 'v2', defect?: 'wrong-preprocessing' | 'slow' | 'failing'): Model {
  return Model.pythonFunction({
    entry: join(__dirname, 'model'),
    timeout: Duration.seconds(10),
    environment: { MODEL_ARTIFACT: `${artifact}.json`, ...(defect === undefined ? {} : { MODEL_DEFECT: defect }) },
  });
}

export interface DigitsStackProps extends StackProps {
  /** @default - v1 with weight 80, v2 with weight 20 */
  readonly variants?: VariantOptions[];
}

/** Two versions of a classifier behind one address; a caller always meets the same one. */
export class DigitsStack extends Stack {
  public readonly endpoint: ModelEndpoint;

  constructor(scope: Construct, id: string, props: DigitsStackProps = {}) {
    super(scope, id, props);
    this.endpoint = new ModelEndpoint(this, 'Digits', {
      variants: props.variants ?? [
        { name: 'v1', model: digitsModel('v1'), weight: 80 },
        { name: 'v2', model: digitsModel('v2'), weight: 20 },
      ],
      timeout: Duration.seconds(10),
      assignment: Assignment.header('x-caller-id'),
      targetVariantAccess: TargetVariantAccess.nobody(),
    });
    new CfnOutput(this, 'Url', { value: this.endpoint.url });
    new CfnOutput(this, 'ApiId', { value: this.endpoint.api.restApiId });
    new CfnOutput(this, 'EndpointName', { value: this.endpoint.endpointName });
  }
}
