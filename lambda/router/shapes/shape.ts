import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { InferenceRequest } from '../../shared/http/request';
import { errorDocument, errorReply, type Reply, type ReplyError } from '../../shared/http/reply';

/** How requests name their alias, and how their callers are told of errors. Everything between is the same for all. */
export interface Shape {
  /** The request with what the shape says elsewhere; absent where that is nothing. */
  read?(request: InferenceRequest): InferenceRequest;

  /** What the router itself answers, without a model; undefined where a model is to be asked. Throws RouterError. */
  answer?(event: APIGatewayProxyEvent): Reply | undefined;

  /** What a caller gets for an error. */
  error(error: ReplyError, inferenceId: string, variant?: string): Reply;

  /** The document of an error in a stream that has begun. */
  errorInStream(error: ReplyError, inferenceId: string): object;

  /** What callers get, as they know it; absent where that is what there is. */
  finished?(reply: Reply, inferenceId: string): Reply;

  /** The parts of a streamed answer are events of a protocol; absent where they travel as they are. */
  readonly events?: AnswerEvents;
}

/** How the parts of an answer travel. */
export interface AnswerEvents {
  part(bytes: Uint8Array): Uint8Array;

  /** What tells the reader that there is no more, and why. */
  error(error: ReplyError): Uint8Array;
}

/** `POST …/{alias}/invocations`, as SageMaker has it. */
export const INVOCATIONS: Shape = {
  error: errorReply,
  errorInStream: errorDocument,
};
