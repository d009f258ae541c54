import { LambdaClient } from '@aws-sdk/client-lambda';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import type { TargetKind } from '../../../lib/core/backends/backends';
import { Reconnecting } from '../reconnecting';
import type { Backend } from './backend';
import { eventStreams } from './event-stream';
import { LambdaBackend } from './lambda';
import { OnDemand } from './on-demand';
import { SageMakerBackend } from './sagemaker';

/** What calls each kind of target. */
export type Backends = { readonly [K in TargetKind]: Backend };

/**
 * For requests of callers. No client tries again by itself but for what was lost with a connection: whoever asks decides that.
 *
 * @param lambda a client that calls other functions as well
 */
export function callingBackends(lambda: Pick<LambdaClient, 'send'>): Backends {
  const sageMaker = new SageMakerBackend(new Reconnecting((options) =>
    new SageMakerRuntimeClient({ ...options, eventStreamSerdeProvider: eventStreams })));
  return {
    lambda: new LambdaBackend(lambda),
    sagemaker: sageMaker,
    'sagemaker-component': sageMaker,
    http: new OnDemand(async () => (await import('./http.js')).HttpBackend.reconnecting()),
    bedrock: new OnDemand(async () => (await import('./bedrock.js')).BedrockBackend.reconnecting()),
  };
}

/**
 * For so many requests at once: the SDK lets others wait for one of fifty connections.
 *
 * @param onLog is told the end of the log of each invocation of a function
 */
export function crowdedBackends(maxSockets: number, onLog: (tail: string) => void): Backends {
  const agent = { keepAlive: false, maxSockets };
  const options = { maxAttempts: 1, requestHandler: { httpAgent: agent, httpsAgent: agent } };
  const sageMaker = new SageMakerBackend(new SageMakerRuntimeClient(options));
  return {
    lambda: new LambdaBackend(new LambdaClient(options), onLog),
    sagemaker: sageMaker,
    'sagemaker-component': sageMaker,
    http: new OnDemand(async () => (await import('./http.js')).HttpBackend.crowded(options)),
    bedrock: new OnDemand(async () => (await import('./bedrock.js')).BedrockBackend.crowded(options)),
  };
}
