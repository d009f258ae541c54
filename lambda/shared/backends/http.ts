import type { IncomingMessage } from 'node:http';
import type { HttpTarget } from '../../../lib/core/backends/http';
import { Header } from '../../../lib/core/names';
import { ErrorCode } from '../http/errors';
import { failure, FailureClass, type Outcome } from '../http/outcome';
import { orFailure, readRest } from '../http/read-rest';
import type { InferenceRequest } from '../http/request';
import { Reconnecting, type SendOptions } from '../reconnecting';
import type { Backend } from './backend';
import { EventParts } from './event-parts';
import { HttpClient, type HttpClientOptions } from './http-client';
import { isFailed, statusFailure } from './http-contract';
import { Secrets } from './secrets';
import { classify } from './service-error';
import { wholeStream } from './whole-stream';

/**
 * What a model server is told of the caller's headers. Credentials and cookies were for the endpoint, whose callers trust it with them and
 * nobody behind it.
 */
const PASSED = new Set(['content-type', 'accept', 'accept-language', 'traceparent', 'tracestate']);
const PASSED_PREFIX = 'x-amzn-sagemaker-';
/** What is about the connection and not about the answer. */
const OF_CONNECTION = new Set(['connection', 'keep-alive', 'transfer-encoding', 'trailer', 'upgrade', 'proxy-authenticate', 'set-cookie']);
const PROBE_MS = 5_000;

/** Calls a version that is a model server; the body goes through untouched. */
export class HttpBackend implements Backend {
  /** What was lost with a connection is sent once more. */
  static reconnecting(): HttpBackend {
    return new HttpBackend(new Reconnecting((options) => new HttpClient(options)), new Secrets());
  }

  /** For many requests at once. */
  static crowded(options: HttpClientOptions): HttpBackend {
    return new HttpBackend(new HttpClient(options), new Secrets());
  }

  constructor(private readonly client: Pick<HttpClient, 'send'>, private readonly secrets: Pick<Secrets, 'read' | 'forget'>) {}

  async invoke(target: HttpTarget, request: InferenceRequest, signal: AbortSignal, onRetry?: () => void): Promise<Outcome> {
    return wholeStream(signal, (stopping) => this.stream(target, request, stopping, onRetry));
  }

  async stream(target: HttpTarget, request: InferenceRequest, stopping: AbortController, onRetry?: () => void): Promise<Outcome> {
    const { signal } = stopping;
    let response: IncomingMessage;
    try {
      response = await this.ask(target, request, { abortSignal: signal, onRetry });
    } catch (error) {
      return classify(error, signal);
    }
    const status = response.statusCode ?? 0;
    const rest = new EventParts<Uint8Array>(response, { part: (bytes) => bytes, failure: (error) => classify(error, signal) }, stopping);
    if (status === 401 || status === 403) {
      stopping.abort();
      return failure(FailureClass.BACKEND, ErrorCode.BACKEND_UNAVAILABLE, 'the model cannot be reached');
    }
    if (isFailed(status) || status < 200) {
      return orFailure(async () => statusFailure(status, (await readRest(new Uint8Array(), rest)).toString('utf8')));
    }
    return { kind: 'answer', status, headers: headersOf(response), body: new Uint8Array(), rest };
  }

  /** The server's own word on its health, where it has a place for that. */
  async probe(target: HttpTarget): Promise<string | undefined> {
    const { url, healthUrl } = target;
    const where = new URL(healthUrl ?? url).host;
    try {
      const headers = await this.headersOf(target);
      if (healthUrl === undefined) {
        return undefined;
      }
      const response = await this.client.send(
        { url: healthUrl, method: 'GET', headers }, { abortSignal: AbortSignal.timeout(PROBE_MS) },
      );
      response.resume();
      const { statusCode: status = 0 } = response;
      return status >= 200 && status < 300 ? undefined : `${where} answers ${new URL(healthUrl).pathname} with status ${status}`;
    } catch (error) {
      const { name, message } = error as Error;
      return `${where}: ${name}: ${message}`;
    }
  }

  /** Once more where the secret was refused: it may have been replaced. */
  private async ask(
    target: HttpTarget,
    { headers: given, inferenceId, body }: InferenceRequest,
    options: SendOptions,
  ): Promise<IncomingMessage> {
    const passed = [...given].filter(([name]) => PASSED.has(name) || name.startsWith(PASSED_PREFIX));
    const send = async (): Promise<[IncomingMessage, secret: string | undefined]> => {
      const own = await this.headersOf(target);
      const headers = { ...Object.fromEntries(passed), [Header.INFERENCE_ID]: inferenceId, 'accept-encoding': 'identity', ...own };
      const response = await this.client.send({ url: target.url, method: 'POST', headers, body }, options);
      return [response, target.secret && own[target.secret.header]];
    };
    const [response, secret] = await send();
    if (target.secret === undefined || (response.statusCode !== 401 && response.statusCode !== 403)) {
      return response;
    }
    this.secrets.forget(target.secret.arn);
    if ((await this.headersOf(target))[target.secret.header] === secret) {
      return response;
    }
    response.resume();
    return (await send())[0];
  }

  private async headersOf({ headers = {}, secret }: HttpTarget): Promise<{ readonly [name: string]: string }> {
    return secret === undefined
      ? headers
      : { ...headers, [secret.header]: `${secret.prefix ?? ''}${await this.secrets.read(secret.arn, secret.field)}` };
  }
}

function headersOf({ headers }: IncomingMessage): { readonly [name: string]: string } {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      (value === undefined || OF_CONNECTION.has(name) ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]])),
  );
}
