import type { APIGatewayProxyEvent } from 'aws-lambda';
import { Env } from '../../../lib/core/names';
import { OPEN_AI_ROOT, OpenAiPath } from '../../../lib/core/open-ai';
import { requireEnv } from '../../shared/env';
import { ErrorCode, RouterError, statusOf } from '../../shared/http/errors';
import { errorReply, refusalError, type Reply, type ReplyError } from '../../shared/http/reply';
import { readJson } from '../../shared/http/read-json';
import { type InferenceRequest, jsonBody } from '../../shared/http/request';
import type { Shape } from './shape';

/** `openai`'s clients show it as the id of the request. */
const REQUEST_ID = 'x-request-id';
/** The model itself failed: 424 is SageMaker's own, and clients of this shape would take it for a mistake of their caller. */
const MODEL_FAILED = 502;
const TYPES: { readonly [status: number]: string } = { 401: 'authentication_error', 403: 'permission_error', 429: 'rate_limit_error' };
const CHAT_PATHS = [OpenAiPath.CHAT, OpenAiPath.EMBEDDINGS].map((path) => `/${OPEN_AI_ROOT}/${path}`);
const ALIASES = JSON.parse(requireEnv(Env.OPEN_AI)) as readonly string[];
const MODELS_PATH = `/${OPEN_AI_ROOT}/${OpenAiPath.MODELS}`;

/**
 * OpenAI's shape for a request that came in by one of its paths, undefined for others. Aliases are its models.
 *
 * @param resource of API Gateway, which no domain name changes
 */
export function openAiShape(
  { resource }: Pick<APIGatewayProxyEvent, 'resource'>, owner: string,
): Shape | undefined {
  if (resource.endsWith(MODELS_PATH) || resource.endsWith(`${MODELS_PATH}/{model}`)) {
    return { ...OPEN_AI, answer: (event) => modelsReply(event, owner, ALIASES) };
  }
  return CHAT_PATHS.some((path) => resource.endsWith(path)) ? OPEN_AI : undefined;
}

const OPEN_AI: Shape = {
  read: (request) => {
    const alias = aliasOf(request);
    return typeof alias === 'string' ? { ...request, alias } : { ...request, problem: request.problem ?? alias };
  },
  error: (error, inferenceId, variant) => {
    const { status, headers } = errorReply(error, inferenceId, variant);
    const ownStatus = error.code === ErrorCode.MODEL_ERROR ? MODEL_FAILED : status;
    return { status: ownStatus, headers, body: Buffer.from(JSON.stringify(documentOf(error, inferenceId))) };
  },
  errorInStream: documentOf,
  finished: (reply, inferenceId) => {
    const { status, headers, body } = reply.status >= 400 ? inOwnShape(reply, inferenceId) : reply;
    return { ...reply, status, headers: { ...headers, [REQUEST_ID]: inferenceId }, body };
  },
};

/** The alias that the body names as its model, or what is wrong with the body. */
function aliasOf({ body }: InferenceRequest): string | RouterError {
  const document = jsonBody({ body });
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    return new RouterError(ErrorCode.MALFORMED_REQUEST, 'the body is not a JSON object');
  }
  const { model } = document as { readonly model?: unknown };
  return typeof model === 'string' && model !== ''
    ? model
    : new RouterError(ErrorCode.MALFORMED_REQUEST, 'the body must name an alias of the endpoint as its model, a text', {}, 'model');
}

function documentOf(error: ReplyError, inferenceId: string): object {
  const { code, message } = error;
  const isAlias = code === ErrorCode.ALIAS_NOT_FOUND || code === ErrorCode.ALIAS_NOT_ALLOWED;
  return { error: { message, type: typeOf(statusOf(error)), param: error.param ?? (isAlias ? 'model' : null), code, inferenceId } };
}

function typeOf(status: number): string {
  return TYPES[status] ?? (status >= 500 || status === 424 ? 'server_error' : 'invalid_request_error');
}

/** A refusal in the model's own words, where these are of the shape. */
function inOwnShape(reply: Reply, inferenceId: string): Pick<Reply, 'status' | 'headers' | 'body'> {
  const document = readJson(reply.body) as { readonly error?: unknown } | undefined;
  if (typeof document?.error === 'object' && document.error !== null) {
    return reply;
  }
  const refusal = refusalError({ kind: 'answer', ...reply });
  const { 'content-encoding': _, ...headers } = reply.headers;
  return {
    status: reply.status, headers: { ...headers, 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(documentOf(refusal, inferenceId))),
  };
}

/** The aliases, or one of them. When one was made nobody knows, but the shape has a place for it. */
function modelsReply({ pathParameters }: APIGatewayProxyEvent, owner: string, aliases: readonly string[]): Reply {
  const modelOf = (id: string): object => ({ id, object: 'model', created: 0, owned_by: owner });
  const asked = pathParameters?.model;
  if (asked !== undefined && !aliases.includes(asked)) {
    throw new RouterError(ErrorCode.ALIAS_NOT_FOUND, `there is no alias ${JSON.stringify(asked.slice(0, 64))}`);
  }
  const document = asked === undefined ? { object: 'list', data: aliases.map(modelOf) } : modelOf(asked);
  return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(document)) };
}
