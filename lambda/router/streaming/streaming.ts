import type { APIGatewayProxyEvent } from 'aws-lambda';
import { RESPONSE_STREAM_PATH } from '../../../lib/core/sagemaker-path';
import { INVOCATIONS, type Shape } from '../shapes/shape';

// What only routers that stream need: a file of its own beside the bundle.
export { Caller } from './caller';
export { deliver } from './deliver';
export { framingOf } from './framing';

/**
 * How an answer is streamed to whoever asked by this path.
 *
 * @param resource of API Gateway, which no domain name changes
 */
export async function streamedShape({ resource }: Pick<APIGatewayProxyEvent, 'resource'>): Promise<Shape> {
  return resource.endsWith(`/${RESPONSE_STREAM_PATH}`) ? (await import('../shapes/event-stream.js')).EVENT_STREAM : INVOCATIONS;
}
