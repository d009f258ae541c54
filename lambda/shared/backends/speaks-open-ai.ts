import type { Target } from '../../../lib/core/backends/backends';
import { stringifyJson } from '../../../lib/core/json/json';
import type { Backend } from './backend';
import { type Answer, isSuccess, type Outcome, type Rest } from '../http/outcome';
import { jsonBody, type InferenceRequest } from '../http/request';
import { type ChatHead, toCompletion } from '../open-ai/chat-answer';
import { type ConverseChat, isChatRequest, toConverse } from '../open-ai/chat-request';
import { ChatStream } from '../open-ai/chat-stream';

/**
 * A backend of Bedrock's Converse that understands requests for chat completions too, and answers them in their shape. By the body alone,
 * so that mirrors, replays and warm-ups, which have nothing else, are understood as callers are.
 */
export class SpeaksOpenAi implements Backend {
  constructor(private readonly converse: Backend) {}

  async invoke(target: Target, request: InferenceRequest, signal: AbortSignal, onRetry?: () => void): Promise<Outcome> {
    return this.translated(request, (asked) => this.converse.invoke(target, asked, signal, onRetry));
  }

  async stream(target: Target, request: InferenceRequest, stopping: AbortController, onRetry?: () => void): Promise<Outcome> {
    return this.translated(request, (asked) => this.converse.stream(target, asked, stopping, onRetry));
  }

  probe(target: Target): Promise<string | undefined> {
    return this.converse.probe(target);
  }

  private async translated(request: InferenceRequest, ask: (asked: InferenceRequest) => Promise<Outcome>): Promise<Outcome> {
    const body = jsonBody(request);
    if (!isChatRequest(body)) {
      return ask(request);
    }
    const chat = toConverse(body);
    if ('kind' in chat) {
      return chat;
    }
    const headers = new Map(request.headers).set('accept', chat.stream ? 'text/event-stream' : 'application/json');
    const outcome = await ask({ ...request, headers, body: Buffer.from(stringifyJson(chat.body)) });
    const head: ChatHead = { id: `chatcmpl-${request.inferenceId}`, created: Math.floor(Date.now() / 1_000), model: chat.model };
    return isSuccess(outcome) ? inShape(outcome, chat, head) : outcome;
  }
}

function inShape(answer: Answer, chat: ConverseChat, head: ChatHead): Answer {
  if (!chat.stream) {
    return { ...answer, body: Buffer.from(JSON.stringify(toCompletion(jsonBody(answer), head))) };
  }
  const stream = new ChatStream(head, chat.includeUsage);
  const begun = stream.add(answer.body);
  return answer.rest === undefined
    ? { ...answer, body: Buffer.concat([begun, stream.end()]) }
    : { ...answer, body: begun, rest: new ChatParts(answer.rest, stream) };
}

/** The parts of a chat completion, as those of Converse's stream come. */
class ChatParts implements Rest {
  private ended = false;

  constructor(private readonly rest: Rest, private readonly stream: ChatStream) {}

  async next(): Promise<Uint8Array | undefined> {
    while (!this.ended) {
      const part = await this.rest.next();
      this.ended = part === undefined;
      const said = part === undefined ? this.stream.end() : this.stream.add(part);
      if (said.byteLength > 0) {
        return said;
      }
    }
    return undefined;
  }

  stop(): void {
    this.rest.stop();
  }
}
