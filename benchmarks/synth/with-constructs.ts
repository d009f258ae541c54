import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Annotations, type Stack } from 'aws-cdk-lib/core';
import { Model, ModelEndpoint } from '../../lib';

/** Endpoints as a user of the package writes them. */
export function withConstructs(stack: Stack, endpoints: number): void {
  // As by who has read it: CDK's report on warnings looks at every construct of an app, and the hand-written stack has none to give.
  Annotations.of(stack).acknowledgeWarning('cdk-model-rollout:noRollout', 'the benchmark has no rollouts');
  for (let i = 0; i < endpoints; i++) {
    new ModelEndpoint(stack, `Endpoint${i}`, {
      model: Model.lambdaFunction({
        code: lambda.Code.fromInline('exports.handler = async (event) => event;'),
        handler: 'index.handler',
        runtime: lambda.Runtime.NODEJS_24_X,
      }),
    });
  }
}
