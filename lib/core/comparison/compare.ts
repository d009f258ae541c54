import { parseJson } from '../json/json';
import { compareEmbeddings } from './compare-embeddings';
import { compareJson } from './compare-json';
import { compareNumbers } from './compare-numbers';
import { compareProbabilities } from './compare-probabilities';
import { compareRankings } from './compare-rankings';
import { compareTexts } from './compare-texts';
import { measured, schemaDifference, type ComparisonOutcome } from './outcome';
import { valueIn } from '../json/json-path';
import type { ComparisonPlan } from './plan';

/** Compare production's answer with the shadow's. The order of the two makes no difference to the outcome. */
export function compare(plan: ComparisonPlan, production: Uint8Array, shadow: Uint8Array): ComparisonOutcome {
  if (plan.kind === 'exact') {
    const same = Buffer.compare(production, shadow) === 0;
    return measured(Number(!same), same);
  }
  if (plan.kind === 'text' && plan.path === undefined) {
    return compareTexts(textOf(production), textOf(shadow), plan);
  }
  const [a, b] = [parse(production), parse(shadow)];
  if (a === undefined || b === undefined) {
    return schemaDifference(
      a === b ? 'the answers are not valid JSON' : `the answer of ${a === undefined ? 'production' : 'the shadow'} is not valid JSON`,
    );
  }
  return plan.kind === 'json' ? compareJson(a.document, b.document, plan) : compareAt(plan, a.document, b.document);
}

function compareAt(plan: Exclude<ComparisonPlan, { kind: 'exact' | 'json' }>, a: unknown, b: unknown): ComparisonOutcome {
  const path = plan.path ?? '$';
  const [left, right] = [valueIn(a, path), valueIn(b, path)];
  if (left === undefined || right === undefined) {
    const other = `the answer of ${left === undefined ? 'production' : 'the shadow'}`;
    return schemaDifference(`there is nothing at ${path} in ${left === right ? 'either answer' : other}`);
  }
  switch (plan.kind) {
    case 'number': return compareNumbers(left, right, plan);
    case 'label': return compareLabels(left, right);
    case 'ranking': return compareRankings(left, right, plan);
    case 'probabilities': return compareProbabilities(left, right, plan);
    case 'embedding': return compareEmbeddings(left, right, plan);
    case 'text': return compareTexts(left, right, plan);
  }
}

function compareLabels(a: unknown, b: unknown): ComparisonOutcome {
  const kind = (value: unknown): string | undefined =>
    typeof value === 'bigint' ? 'number' : ['string', 'number', 'boolean'].find((name) => typeof value === name);
  if (kind(a) === undefined || kind(a) !== kind(b)) {
    return schemaDifference('the labels are not both texts, numbers or booleans');
  }
  return measured(Number(a !== b), a === b);
}

function parse(body: Uint8Array): { readonly document: unknown } | undefined {
  try {
    return { document: parseJson(textOf(body)) };
  } catch {
    return undefined;
  }
}

function textOf(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
}
