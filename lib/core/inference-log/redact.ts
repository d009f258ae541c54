import { isRawNumber } from '../json/json';
import { comparable, type RedactionStep } from '../json/redaction-path';

/** What stands in the place of a redacted value. */
export const REDACTED = '[redacted]';

/** Below this depth nothing is looked at, and nothing is kept. */
const DEPTH = 64;
const INDEX = /^\d+$/;

/** What is left of some paths at a place of the document. */
interface Rests {
  readonly paths: readonly (readonly RedactionStep[])[];
  /** One of them ends here. */
  readonly end: boolean;
  /** One of them goes on to a child. */
  readonly goOn: boolean;
}

/**
 * A JSON document without the values at the paths: itself where there are none, else a copy. In doubt it redacts more than a path says,
 * never less:
 * - names are compared without regard to case;
 * - a name goes through lists, so that `$.email` also covers a list of such objects;
 * - a text or number where a path would go on is redacted itself: it may be an encoded form of what the path means;
 * - with a path that looks everywhere (`$..email`), a text that begins as JSON does is redacted;
 * - nothing is kept that is nested deeper than 64 levels.
 */
export function redact(document: unknown, paths: readonly (readonly RedactionStep[])[]): unknown {
  return copy(document, restsOf(paths), 0);
}

function restsOf(paths: Rests['paths']): Rests {
  return {
    paths,
    end: paths.some((path) => path.length === 0),
    goOn: paths.some(([step]) => step !== undefined && step.kind !== 'descendant'),
  };
}

function copy(value: unknown, rests: Rests, depth: number): unknown {
  const { paths, end, goOn } = rests;
  if (end || depth > DEPTH) {
    return REDACTED;
  }
  if (isScalar(value)) {
    const mayHold = goOn || (typeof value === 'string' && paths.length > 0 && mayHoldDocument(value));
    return value !== null && mayHold ? REDACTED : value;
  }
  return Array.isArray(value) ? copyList(value, rests, depth) : copyObject(value as object, rests, depth);
}

/** Bodies are lists of numbers as a rule: what is left of the paths is found once for all elements, unless one has a path of its own. */
function copyList(list: readonly unknown[], { paths }: Rests, depth: number): readonly unknown[] {
  const ofAll = paths.some(([step]) => step.kind !== 'all' && INDEX.test(step.name)) ? undefined : below(paths, '', true);
  let result: unknown[] | undefined;
  for (let index = 0; index < list.length; index++) {
    const element = copy(list[index], ofAll ?? below(paths, String(index), true), depth + 1);
    if (element !== list[index]) {
      result ??= [...list];
      result[index] = element;
    }
  }
  return result ?? list;
}

function copyObject(object: object, { paths }: Rests, depth: number): object {
  // `__proto__` is a name like any other in JSON.
  const result = Object.create(null) as { [name: string]: unknown };
  let isSame = true;
  for (const [name, member] of Object.entries(object)) {
    result[name] = copy(member, below(paths, comparable(name), false), depth + 1);
    isSame &&= result[name] === member;
  }
  return isSame ? object : result;
}

function isScalar(value: unknown): value is string | number | bigint | boolean | null {
  return value === null || typeof value !== 'object' || isRawNumber(value);
}

/** What is left of the paths below a child. */
function below(paths: Rests['paths'], name: string, inList: boolean): Rests {
  const left = paths.flatMap((path): Rests['paths'] => {
    const [step, ...after] = path;
    switch (step.kind) {
      case 'all':
        return [after];
      case 'index':
        return step.name === name ? [after] : [];
      case 'name':
        return [...(step.name === name ? [after] : []), ...(inList ? [path] : [])];
      case 'descendant':
        return [path, ...(step.name === name ? [after] : [])];
    }
  });
  return restsOf(left);
}

/** Whether a text may be JSON again; half a document is no less a secret than a whole one. */
function mayHoldDocument(text: string): boolean {
  return /^\s*[[{"]/.test(text);
}
