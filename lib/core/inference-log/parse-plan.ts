import { parseJsonPath } from '../json/json-path';
import { BODY_BYTES, type LogPlan, type PayloadPlan } from './record';
import { parseRedactionPath } from '../json/redaction-path';

type Fields = { readonly [key: string]: unknown };

/** The log plan of a stored route, or what is wrong with it. A plan that is not understood whole is none: it may ask for redaction. */
export function parseLogPlan(value: unknown): LogPlan | string {
  const plan = fields(value);
  if (plan === undefined) {
    return 'log is not an object';
  }
  const { sampleRate, predictionPath, redact, payload } = plan;
  if (typeof sampleRate !== 'number' || !(sampleRate > 0 && sampleRate <= 1)) {
    return `log.sampleRate is ${JSON.stringify(sampleRate)}, not above 0 and up to 1`;
  }
  if (predictionPath !== undefined && (typeof predictionPath !== 'string' || parseJsonPath(predictionPath) === undefined)) {
    return `log.predictionPath ${JSON.stringify(predictionPath)} is not a definite JSON path`;
  }
  if (!Array.isArray(redact)) {
    return 'log.redact is not a list';
  }
  const unknown = redact.find((path) => typeof path !== 'string' || parseRedactionPath(path) === undefined) as unknown;
  if (unknown !== undefined) {
    return `log.redact has ${JSON.stringify(unknown)}, which is not a path of values to redact`;
  }
  const parsed = payload === undefined ? undefined : parsePayload(payload);
  if (typeof parsed === 'string') {
    return parsed;
  }
  return {
    sampleRate,
    ...(predictionPath === undefined ? {} : { predictionPath }),
    redact: redact as string[],
    ...(parsed === undefined ? {} : { payload: parsed }),
  };
}

function parsePayload(value: unknown): PayloadPlan | string {
  const { request, answer, maximumBytes } = fields(value) ?? {};
  if (typeof request !== 'boolean' || typeof answer !== 'boolean') {
    return 'log.payload does not say of request and answer whether they are logged';
  }
  if (typeof maximumBytes !== 'number' || !(maximumBytes >= 1 && maximumBytes <= BODY_BYTES)) {
    return `log.payload.maximumBytes is ${JSON.stringify(maximumBytes)}, not from 1 to ${BODY_BYTES}`;
  }
  return { request, answer, maximumBytes };
}

function fields(value: unknown): Fields | undefined {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Fields) : undefined;
}
