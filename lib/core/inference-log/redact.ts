import { isRawNumber } from '../json/json';
import { comparable, type RedactionStep } from '../json/redaction-path';

/** What stands in the place of a redacted value. */
export const REDACTED = '[redacted]';

/** Below this depth nothing is looked at, and nothing is kept. */
const DEPTH = 64;

/** What is left of some paths at a place of the document. */
type Rests = readonly (readonly RedactionStep[])[];

/**
 * A copy of a JSON document without the values at the paths. In doubt it redacts more than a path says, never less:
 * - names are compared without regard to case;
 * - a name goes through lists, so that `$.email` also covers a list of such objects;
 * - a text or number where a path would go on is redacted itself: it may be an encoded form of what the path means;
 * - with a path that looks everywhere (`$..email`), a text that begins as JSON does is redacted;
 * - nothing is kept that is nested deeper than 64 levels.
 */
export function redact(document: unknown, paths: readonly (readonly RedactionStep[])[]): unknown {
  return copy(document, paths, 0);
}

function copy(value: unknown, rests: Rests, depth: number): unknown {
  if (rests.length === 0 && depth <= DEPTH) {
    // Still walked: the depth of what is kept is bounded.
    return children(value, () => [], depth);
  }
  if (depth > DEPTH || rests.some((rest) => rest.length === 0)) {
    return REDACTED;
  }
  if (isScalar(value)) {
    const goesOn = rests.some(([step]) => step.kind !== 'descendant');
    return value !== null && (goesOn || (typeof value === 'string' && mayHoldDocument(value))) ? REDACTED : value;
  }
  return children(value, (name) => below(rests, name, Array.isArray(value)), depth);
}

function children(value: unknown, restsOf: (name: string) => Rests, depth: number): unknown {
  if (Array.isArray(value)) {
    return value.map((element: unknown, index) => copy(element, restsOf(String(index)), depth + 1));
  }
  if (isScalar(value)) {
    return value;
  }
  // `__proto__` is a name like any other in JSON.
  const result = Object.create(null) as { [name: string]: unknown };
  for (const [name, member] of Object.entries(value as object)) {
    result[name] = copy(member, restsOf(comparable(name)), depth + 1);
  }
  return result;
}

function isScalar(value: unknown): value is string | number | bigint | boolean | null {
  return value === null || typeof value !== 'object' || isRawNumber(value);
}

/** What is left of the paths below a child. */
function below(rests: Rests, name: string, inList: boolean): Rests {
  return rests.flatMap((rest): Rests => {
    const [step, ...after] = rest;
    switch (step.kind) {
      case 'all':
        return [after];
      case 'index':
        return step.name === name ? [after] : [];
      case 'name':
        return [...(step.name === name ? [after] : []), ...(inList ? [rest] : [])];
      case 'descendant':
        return [rest, ...(step.name === name ? [after] : [])];
    }
  });
}

/** Whether a text may be JSON again; half a document is no less a secret than a whole one. */
function mayHoldDocument(text: string): boolean {
  return /^\s*[[{"]/.test(text);
}
