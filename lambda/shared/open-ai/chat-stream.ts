import { Documents } from '../../../lib/core/generation/documents';
import { isObject } from '../../../lib/core/json/is-object';
import { type ChatHead, reasonOf, toUsage } from './chat-answer';
import type { Members } from './members';

/** Converse's events as the parts of a chat completion, wherever their bytes are divided. */
export class ChatStream {
  private readonly documents = new Documents('events');
  /** Blocks that are calls of tools, by their index at Converse, with that of the call. */
  private readonly calls = new Map<unknown, number>();
  /** Why the answer ended, once it has. Usage comes after it, and is to be in the same part. */
  private reason?: string;
  private isOver = false;

  constructor(private readonly head: ChatHead, private readonly includeUsage: boolean) {}

  /** What these bytes come to; nothing where they complete no event that the shape knows. */
  add(bytes: Uint8Array): Buffer {
    return Buffer.from(this.documents.add(bytes).map(({ json }) => (isObject(json) ? this.event(json) : '')).join(''));
  }

  /** What is left to be said where nothing comes any more. */
  end(): Buffer {
    return Buffer.from(`${this.finish(undefined)}data: [DONE]\n\n`);
  }

  private event(event: Members): string {
    const [[name, given] = []] = Object.entries(event);
    const value = isObject(given) ? given : {};
    switch (name) {
      case 'messageStart':
        return this.chunk({ role: 'assistant', content: '' });
      case 'contentBlockStart':
        return this.start(value);
      case 'contentBlockDelta':
        return this.delta(value);
      case 'messageStop':
        this.reason = reasonOf(value.stopReason);
        return '';
      case 'metadata':
        return this.finish(value.usage);
      default:
        return '';
    }
  }

  private start({ start, contentBlockIndex }: Members): string {
    const call = isObject(start) ? start.toolUse : undefined;
    if (!isObject(call)) {
      return '';
    }
    const index = this.calls.size;
    this.calls.set(contentBlockIndex, index);
    return this.chunk({ tool_calls: [{ index, id: call.toolUseId, type: 'function', function: { name: call.name, arguments: '' } }] });
  }

  private delta({ delta, contentBlockIndex }: Members): string {
    const { text, toolUse, reasoningContent } = isObject(delta) ? delta : {};
    if (typeof text === 'string') {
      return this.chunk({ content: text });
    }
    if (isObject(toolUse)) {
      return this.chunk({ tool_calls: [{ index: this.calls.get(contentBlockIndex) ?? 0, function: { arguments: toolUse.input } }] });
    }
    return isObject(reasoningContent) && typeof reasoningContent.text === 'string'
      ? this.chunk({ reasoning_content: reasoningContent.text })
      : '';
  }

  private finish(usage: unknown): string {
    if (this.isOver || this.reason === undefined) {
      return '';
    }
    this.isOver = true;
    const { reason } = this;
    const told = usage === undefined ? undefined : toUsage(usage);
    const choices = [{ index: 0, delta: {}, finish_reason: reason, logprobs: null }];
    // Who has not asked for a part with the usage alone might look for a choice in it; so the last of the others has it, and it is counted.
    return this.includeUsage
      ? this.written({ choices, usage: null }) + this.written({ choices: [], usage: told ?? null })
      : this.written({ choices, ...(told && { usage: told }) });
  }

  private chunk(delta: Members): string {
    return this.written({ choices: [{ index: 0, delta, finish_reason: null, logprobs: null }], ...(this.includeUsage && { usage: null }) });
  }

  private written(members: Members): string {
    const { id, created, model } = this.head;
    return `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created, model, ...members })}\n\n`;
  }
}
