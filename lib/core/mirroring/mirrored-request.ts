import type { FeedbackRecordPlan } from '../feedback/plan';
import { Header } from '../names';
import type { Target } from '../backends/backends';
import type { Mirror } from '../routing/route';

/**
 * What the router hands over: a request, and what production made of it. Bodies are base64; where they are stored, the texts here are
 * empty.
 */
export interface MirroredRequest {
  readonly inferenceId: string;
  /** Epoch milliseconds of the hand-over. */
  readonly at: number;
  /** Lower-case names; those that are known to be no credentials, and those that the mirror names. */
  readonly headers: { readonly [name: string]: string };
  /** Only what the mirror names. */
  readonly query: string;
  readonly body: string;
  /** Where predictions are remembered until the label comes; absent where this inference is none of those. */
  readonly feedback?: FeedbackRecordPlan;
  readonly production: {
    readonly version: string;
    readonly target: Target;
    readonly latencyMs: number;
    readonly body: string;
  };
  readonly stored?: StoredBodies;
}

/** An object in the mirror's bucket: the request's body, and behind it that of production's answer. */
export interface StoredBodies {
  readonly key: string;
  readonly requestBytes: number;
}

/**
 * Headers that a mirror gets of every request: what says what the body is and what SageMaker knows. Any other header or parameter of the
 * query may prove who calls, which a shadow has no use for and which has no business in a queue, so it is passed on only where the mirror
 * names it.
 */
const PASSED_HEADERS: readonly string[] = [
  'accept', 'accept-language', 'content-encoding', 'content-language', 'content-type',
  Header.CUSTOM_ATTRIBUTES, Header.INFERENCE_ID, Header.SESSION_ID, Header.TARGET_MODEL,
];

/** What of a request goes to mirrors that get the same event. */
export function passedOn(
  mirrors: readonly Pick<Mirror, 'headers' | 'parameters'>[], headers: ReadonlyMap<string, string>, query: string,
): Pick<MirroredRequest, 'headers' | 'query'> {
  const names = new Set([...PASSED_HEADERS, ...mirrors.flatMap((mirror) => mirror.headers ?? [])]);
  const parameters = new Set(mirrors.flatMap((mirror) => mirror.parameters ?? []));
  return {
    headers: Object.fromEntries([...headers].filter(([name]) => names.has(name))),
    query:
      parameters.size === 0 ? '' : new URLSearchParams([...new URLSearchParams(query)].filter(([name]) => parameters.has(name))).toString(),
  };
}
