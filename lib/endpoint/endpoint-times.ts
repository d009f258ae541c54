import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { Duration } from 'aws-cdk-lib/core';
import {
  API_GATEWAY_EDGE_IDLE_SECONDS,
  API_GATEWAY_IDLE_SECONDS,
  API_GATEWAY_STREAM_SECONDS,
  API_GATEWAY_TIMEOUT_SECONDS,
} from '../core/aws-limits';
import { rangeProblem } from '../validate/limits';
import { isResource } from '../validate/resources';
import type { ModelEndpointProps } from './model-endpoint-props';

/** How long models of an endpoint may take. */
export interface EndpointTimes {
  /** Until the whole answer. */
  readonly whole: Duration;
  /** Until the answer, or its beginning where it is streamed. */
  readonly firstByte: Duration;
  /** Longest silence of a streamed answer; undefined where answers are not streamed. */
  readonly idle?: Duration;
}

/** The router must notice a silence before API Gateway does, or the caller would learn no reason. */
const NOTICED_SECONDS = 1;

export function endpointTimes(props: ModelEndpointProps): EndpointTimes {
  const whole = props.timeout ?? Duration.seconds(API_GATEWAY_TIMEOUT_SECONDS);
  if (props.responseStreaming !== true) {
    return { whole, firstByte: whole };
  }
  const shorter = (seconds: number): Duration =>
    whole.isUnresolved() || whole.toMilliseconds() <= seconds * 1_000 ? whole : Duration.seconds(seconds);
  return {
    whole,
    firstByte: props.firstByteTimeout ?? shorter(API_GATEWAY_TIMEOUT_SECONDS),
    idle: props.idleTimeout ?? Duration.seconds(Math.min(60, mostIdleSeconds(props.api))),
  };
}

/** What is wrong with the times of an endpoint. */
export function timeProblems(props: ModelEndpointProps): string[] {
  const { whole } = endpointTimes(props);
  const given = Object.entries({ 'timeout': props.timeout, firstByteTimeout: props.firstByteTimeout, idleTimeout: props.idleTimeout });
  const unknown = given
    .filter(([, duration]) => duration?.isUnresolved() === true)
    .map(([name]) => `${name} of the endpoint is known only at deployment; give a duration`);
  if (unknown.length > 0) {
    return unknown;
  }
  const seconds = (duration: Duration | undefined): number | undefined => duration?.toSeconds({ integral: false });
  if (props.responseStreaming !== true) {
    const quota = props.integrationTimeoutQuota ?? Duration.seconds(API_GATEWAY_TIMEOUT_SECONDS);
    return [
      ...rangeProblem(
        'timeout of the endpoint',
        seconds(whole),
        [1, quota.toSeconds()],
        's',
        'API Gateway waits no longer; where the account\'s quota was raised, say so with integrationTimeoutQuota, or let the '
          + 'endpoint stream its answers',
      ),
      ...given
        .slice(1)
        .flatMap(([name, duration]) =>
          duration === undefined ? [] : [`${name} is of streamed answers; set responseStreaming, or leave it out`],
        ),
    ];
  }
  const idle = mostIdleSeconds(props.api);
  return [
    ...rangeProblem(
      'timeout of the endpoint',
      seconds(whole),
      [1, API_GATEWAY_STREAM_SECONDS],
      's',
      'API Gateway ends a streamed answer then',
    ),
    ...rangeProblem(
      'firstByteTimeout',
      seconds(props.firstByteTimeout),
      [1, Math.min(idle, whole.toSeconds({ integral: false }))],
      's',
      'API Gateway waits no longer for the first byte, and the timeout is for the whole answer',
    ),
    ...rangeProblem(
      'idleTimeout',
      seconds(props.idleTimeout),
      [1, idle],
      's',
      'API Gateway ends an answer that is silent for longer, and a caller would not learn why',
    ),
  ];
}

/** By the type of the API, which is edge-optimized where nobody said otherwise. */
function mostIdleSeconds(api: apigateway.IRestApi | undefined): number {
  const resource = api?.node.defaultChild;
  const configuration = isResource(resource, 'AWS::ApiGateway::RestApi') ? (resource as apigateway.CfnRestApi).endpointConfiguration : {};
  const { types } = (configuration ?? { types: ['EDGE'] }) as apigateway.CfnRestApi.EndpointConfigurationProperty;
  return (types?.includes('EDGE') === true ? API_GATEWAY_EDGE_IDLE_SECONDS : API_GATEWAY_IDLE_SECONDS) - NOTICED_SECONDS;
}
