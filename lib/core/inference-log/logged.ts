import { Draw, uniform } from '../sampling';
import { type LogBody, RedactedBody } from './body';
import type { InferenceRecord, LogPlan } from './record';

/**
 * Whether an inference is in the log's sample. That depends on its id and the rate alone: all variants and shadows that saw it are in the
 * log or none is, and a smaller sample is a part of a larger one.
 */
export function isLogged(scope: string, inferenceId: string, { sampleRate }: Pick<LogPlan, 'sampleRate'>): boolean {
  return uniform(scope, inferenceId, Draw.LOG) < sampleRate;
}

/** What the record says of the request's body. */
export function requestFields(body: Uint8Array, plan: LogPlan): Pick<InferenceRecord, 'requestBytes' | 'request' | 'requestOmitted'> {
  const { text, omitted } = loggedBody(plan.payload?.request ?? false, body, plan);
  return {
    requestBytes: body.byteLength,
    ...(text === undefined ? {} : { request: text }),
    ...(omitted === undefined ? {} : { requestOmitted: omitted }),
  };
}

/**
 * What the record says of an answer's body.
 *
 * @param bytes how many bytes the answer had; of one that had more than the body, nothing else is said
 */
export function answerFields(
  body: Uint8Array,
  plan: LogPlan,
  bytes: number = body.byteLength,
): Pick<InferenceRecord, 'answerBytes' | 'answer' | 'answerOmitted' | 'prediction'> {
  const redacted = new RedactedBody(body, plan.redact);
  const { text, omitted }: LogBody = plan.payload?.answer === true ? redacted.text(plan.payload.maximumBytes) : {};
  const prediction = plan.predictionPath === undefined ? undefined : redacted.prediction(plan.predictionPath);
  return {
    answerBytes: bytes,
    ...(text === undefined ? {} : { answer: text }),
    ...(omitted === undefined ? {} : { answerOmitted: omitted }),
    ...(prediction === undefined ? {} : { prediction }),
  };
}

function loggedBody(wanted: boolean, body: Uint8Array, { redact, payload }: LogPlan): LogBody {
  return wanted && payload !== undefined ? new RedactedBody(body, redact).text(payload.maximumBytes) : {};
}
