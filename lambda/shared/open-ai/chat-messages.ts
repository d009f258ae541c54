import { isObject } from '../../../lib/core/json/is-object';
import { parseJson } from '../../../lib/core/json/json';
import { type Members, NotExpressible } from './members';

/** An image that is in the message itself. */
const DATA_IMAGE = /^data:image\/(png|jpeg|jpg|gif|webp);base64,([A-Za-z0-9+/=]+)$/;

/** A turn of Converse. */
interface Turn extends Members {
  readonly role: 'user' | 'assistant';
  readonly content: readonly Members[];
}

/** Messages of OpenAI's shape as Converse has them: what the system says apart, and the others in turns. */
export function converseMessages(messages: unknown): { readonly messages: readonly Turn[]; readonly system: readonly Members[] } {
  if (!Array.isArray(messages)) {
    throw new NotExpressible('messages', 'must be a list');
  }
  const system: Members[] = [];
  const turns: Turn[] = [];
  messages.forEach((message: unknown, index) => {
    const at = `messages[${index}]`;
    if (!isObject(message)) {
      throw new NotExpressible(at, 'must be an object');
    }
    if (message.role === 'system' || message.role === 'developer') {
      if (turns.length > 0) {
        throw new NotExpressible(at, 'Bedrock hears the system before everybody else; move it to the beginning');
      }
      system.push(...textsOf(message.content, `${at}.content`));
      return;
    }
    const turn = turnOf(message, at);
    // What tools answered, and what the user says next, are one turn.
    const last = turns.at(-1);
    if (last?.role === turn.role) {
      turns.splice(-1, 1, { ...last, content: [...last.content, ...turn.content] });
    } else {
      turns.push(turn);
    }
  });
  return { messages: turns, system };
}

function turnOf(message: Members, at: string): Turn {
  switch (message.role) {
    case 'user':
      return { role: 'user', content: said(blocksOf(message.content, `${at}.content`), at) };
    case 'assistant': {
      const { content, tool_calls: calls } = message;
      const texts = content === undefined || content === null ? [] : textsOf(content, `${at}.content`);
      return { role: 'assistant', content: said([...texts, ...callsOf(calls, `${at}.tool_calls`)], at) };
    }
    case 'tool': {
      const { tool_call_id: toolUseId, content } = message;
      if (typeof toolUseId !== 'string') {
        throw new NotExpressible(`${at}.tool_call_id`, 'must name the call that it answers');
      }
      return { role: 'user', content: [{ toolResult: { toolUseId, content: textsOf(content, `${at}.content`) } }] };
    }
    default:
      throw new NotExpressible(`${at}.role`, 'must be system, developer, user, assistant or tool');
  }
}

function said(content: readonly Members[], at: string): readonly Members[] {
  if (content.length === 0) {
    throw new NotExpressible(at, 'says nothing, which Bedrock refuses; leave it out');
  }
  return content;
}

function partsOf(content: unknown, at: string): readonly Members[] {
  const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  if (!Array.isArray(parts) || !parts.every(isObject)) {
    throw new NotExpressible(at, 'must be a text or a list of parts');
  }
  // Bedrock refuses an empty text.
  return parts.filter((part) => part.type !== 'text' || part.text !== '');
}

function textsOf(content: unknown, at: string): Members[] {
  return partsOf(content, at).map((part, index) => {
    const text = part.type === 'refusal' ? part.refusal : part.text;
    if ((part.type !== 'text' && part.type !== 'refusal') || typeof text !== 'string') {
      throw new NotExpressible(`${at}[${index}]`, 'can only be text here');
    }
    return { text };
  });
}

function blocksOf(content: unknown, at: string): Members[] {
  return partsOf(content, at).map((part, index) =>
    (part.type === 'image_url' ? imageOf(part.image_url, `${at}[${index}]`) : textsOf([part], at)[0]));
}

function imageOf(image: unknown, at: string): Members {
  const url = isObject(image) ? image.url : undefined;
  const [, format, bytes] = (typeof url === 'string' ? DATA_IMAGE.exec(url) : null) ?? [];
  if (bytes === undefined) {
    throw new NotExpressible(at, 'Bedrock takes images in the message: a data: address with base64 of PNG, JPEG, GIF or WebP');
  }
  return { image: { format: format === 'jpg' ? 'jpeg' : format, source: { bytes } } };
}

function callsOf(calls: unknown, at: string): Members[] {
  if (calls === undefined || calls === null) {
    return [];
  }
  if (!Array.isArray(calls)) {
    throw new NotExpressible(at, 'must be a list');
  }
  return calls.map((call: unknown, index) => {
    const { id, function: called } = isObject(call) ? call : {};
    const { name, arguments: given } = isObject(called) ? called : {};
    const input = typeof given === 'string' ? documentOf(given) : undefined;
    if (typeof id !== 'string' || typeof name !== 'string' || !isObject(input)) {
      throw new NotExpressible(`${at}[${index}]`, 'must have an id, and a function with a name and arguments that are a JSON object');
    }
    return { toolUse: { toolUseId: id, name, input } };
  });
}

function documentOf(text: string): unknown {
  try {
    // A tool that takes nothing is called with nothing by some.
    return parseJson(text.trim() === '' ? '{}' : text);
  } catch {
    return undefined;
  }
}
