import { FeedbackCode, type FeedbackProblem } from '../../lib/core/feedback/read-feedback';
import type { Reply } from '../shared/http/reply';
import type { FeedbackReply } from './feedback';

const STATUS: { readonly [code in FeedbackCode]: number } = {
  MALFORMED_FEEDBACK: 400,
  RATING_OUT_OF_RANGE: 400,
  ALIAS_NOT_ALLOWED: 403,
  ALIAS_NOT_FOUND: 404,
  FEEDBACK_NOT_ENABLED: 404,
  UNKNOWN_INFERENCE: 404,
  ALREADY_KNOWN: 409,
  TOO_LATE: 410,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  UNAVAILABLE: 503,
};

/** What the caller gets. A batch that was read is answered with 200, whatever became of its outcomes: each says so itself. */
export function feedbackReply(reply: FeedbackReply): Reply {
  switch (reply.kind) {
    case 'refused':
      return problemReply(reply.error);
    case 'item':
      return 'error' in reply.result ? problemReply(reply.result.error, reply.result.inferenceId) : json(200, reply.result);
    case 'batch':
      return json(200, { results: reply.results });
  }
}

export function problemReply({ code, message }: FeedbackProblem, inferenceId?: string): Reply {
  return json(
    STATUS[code],
    { error: { code, message, ...(inferenceId === undefined ? {} : { inferenceId }) } },
    code === FeedbackCode.UNAVAILABLE ? { 'retry-after': '1' } : {},
  );
}

function json(status: number, body: object, headers: { readonly [name: string]: string } = {}): Reply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: Buffer.from(JSON.stringify(body)) };
}
