import { type JsonPathSegment, parseJsonPath } from './json-path';

/** A path of which elements may be any: `[*]`. */
export type PathPattern = readonly (JsonPathSegment | typeof ANY_ELEMENT)[];

export const ANY_ELEMENT = Symbol('any element');

/** No index that a list could have in this size: stands for `[*]` while the rest of the path is read. */
const STAND_IN = 999_999_999;

/** The segments of a path that may have `[*]`, undefined when it is no such path. */
export function parsePattern(path: string): PathPattern | undefined {
  return parseJsonPath(path.replaceAll('[*]', `[${STAND_IN}]`))?.map((segment) => (segment === STAND_IN ? ANY_ELEMENT : segment));
}

/** What is ignored below a place, as a tree: a walk of a document descends both at once. */
export interface Ignored {
  /** The place itself, with all that is below it. */
  whole: boolean;
  readonly members: Map<JsonPathSegment | typeof ANY_ELEMENT, Ignored>;
}

export function ignoredTree(patterns: readonly PathPattern[]): Ignored {
  const root: Ignored = { whole: false, members: new Map() };
  for (const pattern of patterns) {
    let place = root;
    for (const segment of pattern) {
      let next = place.members.get(segment);
      if (next === undefined) {
        next = { whole: false, members: new Map() };
        place.members.set(segment, next);
      }
      place = next;
    }
    place.whole = true;
  }
  return root;
}

/** What is ignored below the member `segment` of places that all match. */
export function below(places: readonly Ignored[], segment: JsonPathSegment): readonly Ignored[] {
  if (places.length === 0) {
    return places;
  }
  const keys: (JsonPathSegment | typeof ANY_ELEMENT)[] = typeof segment === 'number' ? [segment, ANY_ELEMENT] : [segment];
  return places.flatMap(({ members }) => keys.flatMap((key) => members.get(key) ?? []));
}
