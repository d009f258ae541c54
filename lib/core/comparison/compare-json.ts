import { isRawNumber, stringifyJson } from '../json/json';
import { isNumber, within } from './compare-numbers';
import { below, type Ignored, ignoredTree, parsePattern } from '../json/ignored-paths';
import { measured, schemaDifference, type ComparisonOutcome } from './outcome';

/** Values that are looked at before a document counts as too large to compare: a walk of a fraction of a second. */
const MAX_VALUES = 200_000;

/**
 * The share of values that differ between two documents. Documents with other members or other types than each other have different
 * schemas; lists of different lengths differ. The walk keeps a list of its own instead of recursing, so no document is too deep for it.
 */
export function compareJson(
  a: unknown, b: unknown, plan: { readonly ignoredPaths: readonly string[]; readonly absolute: number; readonly relative: number },
): ComparisonOutcome {
  const open: [unknown, unknown, readonly Ignored[]][] = [[a, b, [ignoredTree(plan.ignoredPaths.map((path) => parsePattern(path)!))]]];
  let values = 0;
  let different = 0;
  let seen = 0;
  while (open.length > 0) {
    const [left, right, ignored] = open.pop()!;
    if (++seen > MAX_VALUES) {
      return schemaDifference(`the answers have more than ${MAX_VALUES} values`);
    }
    const [leftKind, rightKind] = [kindOf(left), kindOf(right)];
    if (leftKind !== rightKind) {
      return schemaDifference(`a value is of the type ${leftKind} in one answer and of the type ${rightKind} in the other`);
    }
    if (leftKind === 'list') {
      const [one, other] = [left as unknown[], right as unknown[]];
      const length = Math.max(one.length, other.length);
      for (let i = 0; i < length; i++) {
        const place = below(ignored, i);
        if (place.some(({ whole }) => whole)) {
          continue;
        }
        if (i >= one.length || i >= other.length) {
          values++;
          different++;
        } else {
          open.push([one[i], other[i], place]);
        }
        if (open.length + seen > MAX_VALUES) {
          return schemaDifference(`the answers have more than ${MAX_VALUES} values`);
        }
      }
    } else if (leftKind === 'object') {
      const [one, other] = [left as { [name: string]: unknown }, right as { [name: string]: unknown }];
      for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
        const place = below(ignored, name);
        if (place.some(({ whole }) => whole)) {
          continue;
        }
        if (!Object.hasOwn(one, name) || !Object.hasOwn(other, name)) {
          return schemaDifference(`the member ${JSON.stringify(name.slice(0, 64))} is in one of the answers only`);
        }
        open.push([one[name], other[name], place]);
      }
    } else {
      values++;
      different += Number(!(isNumber(left) && isNumber(right) ? within(left, right, plan.absolute, plan.relative) : same(left, right)));
    }
  }
  return measured(values === 0 ? 0 : different / values, different === 0);
}

function same(a: unknown, b: unknown): boolean {
  return isRawNumber(a) && isRawNumber(b) ? stringifyJson(a) === stringifyJson(b) : a === b;
}

function kindOf(value: unknown): string {
  if (value === null) {
    return 'null';
  }
  if (Array.isArray(value)) {
    return 'list';
  }
  if (typeof value === 'bigint' || isRawNumber(value)) {
    return 'number';
  }
  return typeof value;
}
