import { Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { App, Duration, Stack } from 'aws-cdk-lib/core';
import { CanaryRollout, type CanaryRolloutProps, Model, ModelEndpoint, type ModelEndpointProps, TrafficShift } from '../../../lib';
import { rolloutsOf } from '../../../rehearsal/assembly/find-rollouts';
import type { FoundRollout } from '../../../rehearsal/assembly/found-rollout';

/** A rollout as a user's app makes it. */
export function rolloutOf(
  props: Omit<CanaryRolloutProps, 'endpoint'> = {},
  endpoint: Omit<ModelEndpointProps, 'model'> = {},
): FoundRollout {
  const stack = new Stack(new App(), 'Stack', { env: { account: '111111111111', region: 'eu-west-1' } });
  const model = Model.lambdaFunction({
    code: lambda.Code.fromInline('exports.handler = async () => ({})'),
    handler: 'index.handler',
    runtime: lambda.Runtime.NODEJS_24_X,
  });
  new CanaryRollout(stack, 'Rollout', {
    endpoint: new ModelEndpoint(stack, 'Fraud', { model, endpointName: 'fraud', ...endpoint }),
    ...props,
  });
  return rolloutsOf('Stack', Template.fromStack(stack).toJSON())[0];
}

export function steps(percents: readonly number[], minutes = 10): TrafficShift {
  return TrafficShift.steps([...percents], { bakeTime: Duration.minutes(minutes) });
}
