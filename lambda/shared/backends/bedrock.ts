import {
  BedrockRuntimeClient,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseRequest$,
  ConverseStreamCommand,
  type ConverseStreamOutput,
} from '@aws-sdk/client-bedrock-runtime';
import { JsonShapeDeserializer2 } from '@smithy/core/protocols';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { BedrockTarget } from '../../../lib/core/backends/bedrock';
import { ErrorCode } from '../http/errors';
import { mayBeJson } from '../http/media';
import { type Answer, failure, FailureClass, type Failure, type Outcome } from '../http/outcome';
import { jsonBody, type InferenceRequest } from '../http/request';
import { Reconnecting, type SendOptions } from '../reconnecting';
import type { Backend } from './backend';
import { bedrockFailure, refusalOfVersion, streamFailure } from './bedrock-failure';
import { converseRequest } from './bedrock-request';
import { EventParts } from './event-parts';
import { SpeaksOpenAi } from './speaks-open-ai';
import { wholeStream } from './whole-stream';

interface ClientOptions {
  readonly maxAttempts: number;
  readonly requestHandler?: ConstructorParameters<typeof NodeHttpHandler>[0];
}

const PROBE_MS = 5_000;
/** What Bedrock's client reads JSON of its protocol with. */
const WIRE = new JsonShapeDeserializer2({ timestampFormat: { useTrait: true, default: 7 }, jsonName: true });

/**
 * Calls a version that is a model of Bedrock. A caller who accepts `text/event-stream` gets ConverseStream's events, others the document
 * that Converse answers with.
 */
export class BedrockBackend implements Backend {
  /** What was lost with a connection is sent once more. */
  static reconnecting(): Backend {
    return new SpeaksOpenAi(new BedrockBackend(new Reconnecting(clientOf)));
  }

  /** For many requests at once. */
  static crowded(options: ClientOptions): Backend {
    return new SpeaksOpenAi(new BedrockBackend(clientOf(options)));
  }

  constructor(private readonly client: Pick<BedrockRuntimeClient, 'send'>) {}

  async invoke(target: BedrockTarget, request: InferenceRequest, signal: AbortSignal, onRetry?: () => void): Promise<Outcome> {
    return wantsEvents(request)
      ? wholeStream(signal, (stopping) => this.stream(target, request, stopping, onRetry))
      : this.asked(target, request, signal, (input) => this.whole(input, { abortSignal: signal, onRetry }));
  }

  async stream(target: BedrockTarget, request: InferenceRequest, stopping: AbortController, onRetry?: () => void): Promise<Outcome> {
    const { signal } = stopping;
    const options: SendOptions = { abortSignal: signal, onRetry };
    return wantsEvents(request)
      ? this.asked(target, request, signal, (input) => this.inParts(input, stopping, options))
      : this.asked(target, request, signal, (input) => this.whole(input, options));
  }

  /**
   * Bedrock has no dry run. It tells of a permission, a model, a guardrail or a prompt that is missing before it looks at what is said,
   * and a message without content costs nothing, for no model is given it.
   */
  async probe(target: BedrockTarget): Promise<string | undefined> {
    const empty = converseRequest(target, { messages: [{ role: 'user', content: [] }] }, 'probe');
    try {
      await this.client.send(new ConverseCommand(empty as ConverseCommandInput), { abortSignal: AbortSignal.timeout(PROBE_MS) });
      return undefined;
    } catch (error) {
      const refused = refusalOfVersion(error);
      return refused && `${target.modelId}: ${refused}`;
    }
  }

  private async asked(
    target: BedrockTarget, request: InferenceRequest, signal: AbortSignal, ask: (input: ConverseCommandInput) => Promise<Outcome>,
  ): Promise<Outcome> {
    try {
      const asked = requestOf(target, request);
      return isFailure(asked) ? asked : await ask(asked);
    } catch (error) {
      return bedrockFailure(error, signal);
    }
  }

  private async whole(input: ConverseCommandInput, options: SendOptions): Promise<Answer> {
    const { $metadata: _, ...answer } = await this.client.send(new ConverseCommand(input), options);
    return { kind: 'answer', status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(jsonOf(answer)) };
  }

  private async inParts(input: ConverseCommandInput, stopping: AbortController, options: SendOptions): Promise<Answer> {
    const { stream } = await this.client.send(new ConverseStreamCommand(input), options);
    // Who speaks is known before anything is said, and a model that then fails has said nothing.
    let held = '';
    let [begun, complete] = [false, false];
    const rest = new EventParts<ConverseStreamOutput>(stream!, {
      part: (event) => {
        held += `data: ${jsonOf(event)}\n\n`;
        complete ||= event.messageStop !== undefined;
        if (event.messageStart !== undefined) {
          return undefined;
        }
        begun = true;
        const part = Buffer.from(held);
        held = '';
        return part;
      },
      failure: (error) => (begun ? streamFailure : bedrockFailure)(error, stopping.signal),
      atEnd: () =>
        (complete ? undefined : failure(FailureClass.BACKEND, ErrorCode.BACKEND_UNAVAILABLE, "the model's stream ended too early")),
    }, stopping);
    return { kind: 'answer', status: 200, headers: { 'content-type': 'text/event-stream' }, body: new Uint8Array(), rest };
  }
}

/** Over HTTP/1.1: sessions of HTTP/2, which the client would have, do not outlive the time for which Lambda freezes a function. */
function clientOf({ maxAttempts, requestHandler }: ClientOptions): BedrockRuntimeClient {
  return new BedrockRuntimeClient({ maxAttempts, requestHandler: new NodeHttpHandler(requestHandler) });
}

function wantsEvents({ headers }: InferenceRequest): boolean {
  return /\btext\/event-stream\b/i.test(headers.get('accept') ?? '');
}

/** What the caller's body comes to, with bytes where JSON has base64. */
function requestOf(target: BedrockTarget, request: InferenceRequest): ConverseCommandInput | Failure {
  const type = request.headers.get('content-type');
  if (!mayBeJson(type)) {
    return failure(
      FailureClass.CALLER,
      ErrorCode.UNSUPPORTED_MEDIA_TYPE,
      `the model takes application/json, not ${JSON.stringify(type!.slice(0, 100))}`,
    );
  }
  // Reading changes what it reads, and the settings are the route's.
  const own = { ...target, settings: structuredClone(target.settings) };
  const asked = converseRequest(own, jsonBody(request), request.inferenceId);
  return isFailure(asked) ? asked : (WIRE.readObject(ConverseRequest$, asked as never) as ConverseCommandInput);
}

function isFailure(value: object): value is Failure {
  return 'kind' in value && value.kind === 'failure';
}

/** As Bedrock's own answers are. */
function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => (member instanceof Uint8Array ? Buffer.from(member).toString('base64') : member));
}
