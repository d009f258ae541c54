import { parseJsonPath, valueAt } from '../routing/json-path';

/** Whether a path names one place of a document; `$` is the whole of it. */
export function isPlace(path: string): boolean {
  return path === '$' || parseJsonPath(path) !== undefined;
}

/** The value at a path, undefined where there is none. */
export function valueIn(document: unknown, path: string): unknown {
  const segments = parseJsonPath(path);
  return segments === undefined ? document : valueAt(document, segments);
}
