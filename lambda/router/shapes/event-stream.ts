import { EventStreamCodec } from '@smithy/core/event-streams';
import { fromUtf8, toUtf8 } from '@smithy/core/serde';
import { Header } from '../../../lib/core/names';
import type { ErrorCode } from '../../shared/http/errors';
import type { ReplyError } from '../../shared/http/reply';
import { INVOCATIONS, type Shape } from './shape';

const codec = new EventStreamCodec(toUtf8, fromUtf8);

/** What SageMaker says of a model's stream that broke; what is not the model's fault has no word of its own. */
const MODEL_ERRORS: { readonly [code in ErrorCode]?: string } = {
  MODEL_ERROR: 'StreamBroken',
  TIMEOUT: 'ModelInvocationTimeExceeded',
};

/**
 * `InvokeEndpointWithResponseStream`, as SageMaker has it: the parts of an answer are events, and an error in the middle is an event too,
 * whatever the answer is divided into.
 */
export const EVENT_STREAM: Shape = {
  ...INVOCATIONS,
  read: (request) => {
    const headers = new Map(request.headers);
    const accept = headers.get(Header.STREAM_ACCEPT);
    headers.delete(Header.STREAM_ACCEPT);
    // The type of the stream is its own, and there is no place to say how its parts are compressed.
    headers.delete('accept-encoding');
    headers.delete('accept');
    return { ...request, headers: accept === undefined ? headers : headers.set('accept', accept) };
  },
  finished: (reply) => {
    if (reply.status >= 400) {
      return reply;
    }
    const { 'content-type': type, 'content-encoding': _, ...headers } = reply.headers;
    return {
      ...reply,
      // Clients take any other status for an error.
      status: 200,
      headers: { ...headers, 'content-type': 'application/vnd.amazon.eventstream', ...(type && { [Header.STREAM_CONTENT_TYPE]: type }) },
    };
  },
  events: {
    part: (bytes) =>
      message({ ':message-type': 'event', ':event-type': 'PayloadPart', ':content-type': 'application/octet-stream' }, bytes),
    error: (error) => message({
      ':message-type': 'exception',
      ':exception-type': MODEL_ERRORS[error.code] === undefined ? 'InternalStreamFailure' : 'ModelStreamError',
      ':content-type': 'application/json',
    }, Buffer.from(JSON.stringify(documentOf(error)))),
  },
};

function documentOf({ code, message }: ReplyError): object {
  return { Message: message, ErrorCode: MODEL_ERRORS[code] };
}

function message(headers: { readonly [name: string]: string }, body: Uint8Array): Uint8Array {
  const typed = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { type: 'string' as const, value }]));
  return codec.encode({ headers: typed, body });
}
