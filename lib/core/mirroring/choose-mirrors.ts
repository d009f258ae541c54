import { Draw, uniform } from '../sampling';
import { parseJsonPath, valueAt } from '../json/json-path';
import type { Mirror, MirrorFilter } from '../routing/route';

/** What the choice needs to know of a request. */
export interface MirrorCandidate {
  readonly inferenceId: string;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  /** The body as a JSON document, undefined if it is none; asked for only where a filter needs it. */
  readonly document: () => unknown;
}

/**
 * The mirrors that get a copy of a request. Whether a request is in a sample depends on its inference id and on nothing of the mirror
 * but the rate: all mirrors of an alias see the same requests, and a smaller sample is a part of a larger one. The assignment of
 * variants hashes with the versions, so that a sample says nothing about who is in it.
 */
export function chooseMirrors(
  mirrors: readonly Mirror[],
  alias: string,
  production: string,
  request: MirrorCandidate,
  now: number,
): readonly Mirror[] {
  const place = uniform(alias, request.inferenceId, Draw.MIRROR);
  return mirrors.filter(
    (mirror) =>
      place < mirror.sampleRate &&
      now >= (mirror.startsAt ?? -Infinity) &&
      now < (mirror.endsAt ?? Infinity) &&
      mirror.version !== production &&
      mirror.filters.every((filter) => matches(filter, request)),
  );
}

function matches(filter: MirrorFilter, request: MirrorCandidate): boolean {
  switch (filter.on) {
    case 'header':
      return isOneOf(request.headers.get(filter.name), filter.values);
    case 'content-type':
      return isOneOf(request.headers.get('content-type')?.split(';')[0].trim().toLowerCase(), filter.values);
    case 'json-path':
      return isOneOf(valueAt(request.document(), parseJsonPath(filter.path)!), filter.values);
  }
}

function isOneOf(value: unknown, values: readonly string[]): boolean {
  return (
    value !== undefined &&
    (values.length === 0 || (['string', 'number', 'bigint', 'boolean'].includes(typeof value) && values.includes(String(value))))
  );
}
