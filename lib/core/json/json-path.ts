/** A member or an element: `user`, `items`, `0`. */
export type JsonPathSegment = string | number;

const SEGMENT = /\.([A-Za-z_$][\w$-]*)|\[(\d{1,9})\]|\['([^'\\]{1,256})'\]/y;

/**
 * The segments of a definite path: `$.user.id`, `$.items[0]`, `$['odd name']`. Undefined when `path` is anything else;
 * wildcards, filters and descents are left out on purpose, because a key must be one value found in bounded time.
 */
export function parseJsonPath(path: string): JsonPathSegment[] | undefined {
  if (!path.startsWith('$') || path.length > 1024) {
    return undefined;
  }
  const segments: JsonPathSegment[] = [];
  SEGMENT.lastIndex = 1;
  while (SEGMENT.lastIndex < path.length) {
    const match = SEGMENT.exec(path);
    if (match === null) {
      return undefined;
    }
    segments.push(match[2] !== undefined ? Number(match[2]) : (match[1] ?? match[3]));
  }
  return segments.length > 0 ? segments : undefined;
}

/** The value at a path, undefined where there is none. Only own members count, so that `constructor` is not found. */
export function valueAt(document: unknown, segments: readonly JsonPathSegment[]): unknown {
  let value = document;
  for (const segment of segments) {
    if (value === null || typeof value !== 'object' || Array.isArray(value) !== (typeof segment === 'number')) {
      return undefined;
    }
    if (!Object.hasOwn(value, segment)) {
      return undefined;
    }
    value = (value as { [key: string]: unknown })[segment];
  }
  return value;
}

/** Whether a path names one place of a document; `$` is the whole of it. */
export function isPlace(path: string): boolean {
  return path === '$' || parseJsonPath(path) !== undefined;
}

/** The value at a path, undefined where there is none. */
export function valueIn(document: unknown, path: string): unknown {
  const segments = parseJsonPath(path);
  return segments === undefined ? document : valueAt(document, segments);
}
