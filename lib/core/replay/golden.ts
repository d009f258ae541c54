import { parseJson, stringifyJson } from '../json/json';
import { LAMBDA_PAYLOAD_BYTES } from '../aws-limits';

/** A recorded request, and what is known of the right answer. */
export interface GoldenRequest {
  readonly body: Uint8Array;
  readonly contentType: string;
  /** The prediction that is right, as a text. */
  readonly label?: string;
  /** The answer that is right. */
  readonly answer?: Uint8Array;
}

/** What a line may have, and no other: a label that is misspelt must not go unseen. */
const MEMBERS: ReadonlySet<string> = new Set(['request', 'text', 'base64', 'contentType', 'label', 'answer', 'id']);
const BODIES = ['request', 'text', 'base64'] as const;
const EXAMPLE = '{"request": {"amount": 12.5}, "label": "fraud"}';
/** As base64 in an event, with some room for the rest of it. */
const MOST_BODY_BYTES = Math.floor((LAMBDA_PAYLOAD_BYTES * 3) / 4) - 16_384;
/** What is told of a file at once. */
const MOST_TOLD = 3;

/**
 * Read a line of a file of golden requests: `request` (any JSON), `text` or `base64` is the body, `contentType` its type, `label` the right
 * prediction, `answer` the right answer (any JSON), and `id` is for whoever reads the file.
 */
export function readGolden(line: string): GoldenRequest | { readonly problem: string } {
  let value: unknown;
  try {
    value = parseJson(line);
  } catch {
    return { problem: `is not valid JSON; write an object such as ${EXAMPLE} on each line` };
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return { problem: `is not a JSON object; write one such as ${EXAMPLE} on each line` };
  }
  const members = value as { readonly [member: string]: unknown };
  const unknown = Object.keys(members).find((name) => !MEMBERS.has(name));
  if (unknown !== undefined) {
    return { problem: `has ${JSON.stringify(unknown)}, which is not known; a line has ${[...MEMBERS].join(', ')}` };
  }
  const given = BODIES.filter((name) => name in members);
  if (given.length !== 1) {
    return {
      problem: `has ${given.length === 0 ? 'no request' : given.join(' and ')}, but needs one of request (any JSON), text and base64`,
    };
  }
  const { text, base64, contentType, label } = members;
  for (const [name, content] of Object.entries({ text, base64, contentType })) {
    if (content !== undefined && typeof content !== 'string') {
      return { problem: `has a ${name} that is not text` };
    }
  }
  if (typeof base64 === 'string' && Buffer.from(base64, 'base64').toString('base64').replace(/=+$/, '') !== base64.replace(/=+$/, '')) {
    return { problem: 'has a base64 that is none' };
  }
  if (contentType === undefined && given[0] !== 'request') {
    return { problem: `has ${given[0]} without contentType; say what it is, such as "text/csv"` };
  }
  if (label !== undefined && !['string', 'number', 'bigint', 'boolean'].includes(typeof label)) {
    return { problem: 'has a label that is not text, a number or a boolean' };
  }
  const body =
    given[0] === 'base64'
      ? Buffer.from(base64 as string, 'base64')
      : Buffer.from(given[0] === 'text' ? (text as string) : stringifyJson(members.request), 'utf8');
  if (body.byteLength > MOST_BODY_BYTES) {
    return { problem: `has a request of ${body.byteLength} bytes, but at most ${MOST_BODY_BYTES} fit into an event of Lambda` };
  }
  return {
    body,
    contentType: (contentType as string | undefined) ?? 'application/json',
    ...(label === undefined ? {} : { label: String(label) }),
    ...('answer' in members ? { answer: Buffer.from(stringifyJson(members.answer), 'utf8') } : {}),
  };
}

export function isGolden(read: ReturnType<typeof readGolden>): read is GoldenRequest {
  return !('problem' in read);
}

/** Lines of a file that are not blank, and the number of each from 1. */
export function* linesOf(bytes: Uint8Array): Generator<{ readonly number: number; readonly text: string }> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let number = 0;
  for (let start = 0; start < buffer.length; number++) {
    const end = buffer.indexOf(10, start);
    const text = buffer.toString('utf8', start, end < 0 ? buffer.length : end).replace(/^\uFEFF/, '').trim();
    start = end < 0 ? buffer.length : end + 1;
    if (text !== '') {
      yield { number: number + 1, text };
    }
  }
}

/** What a file has. */
export interface GoldenSurvey {
  readonly requests: number;
  /** Requests that say what is right. */
  readonly labelled: number;
  /** What is wrong with it. */
  readonly problems: readonly string[];
}

/** Look at all of a file. A labelPath promises labels, but for those of a log, which come when they come. */
export function surveyGolden(bytes: Uint8Array, labelPath: string | undefined, ofLog = false): GoldenSurvey {
  const problems: string[] = [];
  let [requests, labelled, labels] = [0, 0, 0];
  for (const { number, text } of linesOf(bytes)) {
    const read = readGolden(text);
    requests++;
    if (!isGolden(read)) {
      problems.push(`line ${number} ${read.problem}`);
      continue;
    }
    labels += Number(read.label !== undefined);
    labelled += Number(read.label !== undefined || read.answer !== undefined);
    if (read.label !== undefined && labelPath === undefined) {
      problems.push(
        `line ${number} has a label, but the replay has no labelPath that says where predictions are; set it, such as "$.label"`,
      );
    }
  }
  if (requests === 0) {
    problems.push(`has no requests; write one such as ${EXAMPLE} on each line`);
  }
  if (labelPath !== undefined && labels === 0 && problems.length === 0 && !ofLog) {
    problems.push('has no label, but the replay has a labelPath; add labels, or leave labelPath out');
  }
  return {
    requests,
    labelled,
    problems: problems.length > MOST_TOLD ? [...problems.slice(0, MOST_TOLD), `${problems.length - MOST_TOLD} more problems`] : problems,
  };
}
