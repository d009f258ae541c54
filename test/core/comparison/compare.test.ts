import fc from 'fast-check';
import { comparisonProblems } from '../../../lib/core/comparison/check-plan';
import { compare } from '../../../lib/core/comparison/compare';
import type { ComparisonOutcome } from '../../../lib/core/comparison/outcome';
import type { ComparisonPlan } from '../../../lib/core/comparison/plan';

const bytes = (value: unknown): Uint8Array => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const number = (absolute = 0, relative = 0): ComparisonPlan => ({ kind: 'number', path: '$.y', absolute, relative });
const json = (ignoredPaths: string[] = [], absolute = 0, relative = 0): ComparisonPlan => ({ kind: 'json', ignoredPaths, absolute, relative });
const ranking = (top: number, minimumOverlap: number): ComparisonPlan => ({ kind: 'ranking', path: '$', top, minimumOverlap });
const probabilities = (tolerance: number): ComparisonPlan => ({ kind: 'probabilities', path: '$', tolerance });
const embedding = (minimumSimilarity: number): ComparisonPlan => ({ kind: 'embedding', path: '$', minimumSimilarity });
const text = (minimumOverlap: number, path?: string): ComparisonPlan => ({ kind: 'text', path, minimumOverlap });

const PLANS: ComparisonPlan[] = [
  { kind: 'exact' }, number(0.1, 0.01), { kind: 'label', path: '$.y' }, { kind: 'ranking', path: '$.y', top: 3, minimumOverlap: 0.5 },
  { kind: 'probabilities', path: '$.y', tolerance: 0.1 }, { kind: 'embedding', path: '$.y', minimumSimilarity: 0.9 },
  { kind: 'text', path: '$.y', minimumOverlap: 0.5 }, text(1), json(['$.t', '$.rows[*].id'], 0.1, 0.01),
];

const found = (plan: ComparisonPlan, a: unknown, b: unknown): string => {
  const outcome = compare(plan, bytes(a), bytes(b));
  return 'difference' in outcome ? `${outcome.kind} ${Number(outcome.difference.toFixed(9))}` : outcome.kind;
};

test.each<[string, ComparisonPlan, unknown, unknown, string]>([
  ['equal bytes', { kind: 'exact' }, '{"y":1}', '{"y":1}', 'agree 0'],
  ['white space is a difference to bytes', { kind: 'exact' }, '{"y":1}', '{"y": 1}', 'differ 1'],
  ['nothing and nothing', { kind: 'exact' }, '', '', 'agree 0'],
  ['a number at the edge of the absolute tolerance', number(0.5), { y: 1 }, { y: 1.5 }, 'agree 0.5'],
  ['a number beyond it', number(0.5), { y: 1 }, { y: 1.5000001 }, 'differ 0.5000001'],
  ['a number at the edge of the relative tolerance', number(0, 0.5), { y: 1 }, { y: 2 }, 'agree 1'],
  ['the more generous tolerance counts', number(1, 0.01), { y: 1 }, { y: 2 }, 'agree 1'],
  ['zero and zero with no tolerance', number(), { y: 0 }, { y: -0 }, 'agree 0'],
  ['a missing path in one', number(), { y: 1 }, { z: 1 }, 'schema difference'],
  ['a missing path in both', number(), {}, {}, 'schema difference'],
  ['NaN, which Python writes', number(), '{"y": NaN}', '{"y": NaN}', 'schema difference'],
  ['a literal beyond the largest number', number(), '{"y": 1e999}', '{"y": 1e999}', 'schema difference'],
  ['a number as a text', number(), { y: 1 }, { y: '1' }, 'schema difference'],
  ['numbers whose difference is not finite', number(), { y: 1.7e308 }, { y: -1.7e308 }, `differ ${Number.MAX_VALUE}`],
  ['the same label', { kind: 'label', path: '$.y' }, { y: 'cat' }, { y: 'cat' }, 'agree 0'],
  ['another label', { kind: 'label', path: '$.y' }, { y: 3 }, { y: 5 }, 'differ 1'],
  ['a label of another type', { kind: 'label', path: '$.y' }, { y: 3 }, { y: '3' }, 'schema difference'],
  ['a label that is a list', { kind: 'label', path: '$.y' }, { y: [3] }, { y: [3] }, 'schema difference'],
  ['half of the top places', ranking(2, 0.5), ['a', 'b', 'c'], ['b', 'x', 'c'], 'agree 0.5'],
  ['less than wanted of the top places', ranking(2, 0.6), ['a', 'b'], ['b', 'x'], 'differ 0.5'],
  ['a shorter ranking', ranking(3, 1), ['a'], ['a', 'b'], 'differ 0.5'],
  ['empty rankings', ranking(3, 1), [], [], 'agree 0'],
  ['a ranking with a repetition', ranking(3, 1), ['a', 'a'], ['a', 'b'], 'schema difference'],
  ['a distribution at the edge', probabilities(0.25), [0.5, 0.5], [0.25, 0.75], 'agree 0.25'],
  ['a distribution beyond', probabilities(0.2), { a: 0.5, b: 0.5 }, { b: 0.75, a: 0.25 }, 'differ 0.25'],
  ['other classes', probabilities(1), { a: 1 }, { b: 1 }, 'schema difference'],
  ['more classes', probabilities(1), [1], [0.5, 0.5], 'schema difference'],
  ['a list and an object with the same keys', probabilities(1), [1], { 0: 1 }, 'schema difference'],
  ['what does not sum up to 1', probabilities(1), [0.5, 0.4], [0.5, 0.5], 'schema difference'],
  ['a negative probability', probabilities(1), [1.5, -0.5], [0.5, 0.5], 'schema difference'],
  ['vectors of one direction', embedding(1), [3, 4], [3, 4], 'agree 0'],
  ['vectors at a right angle', embedding(0.5), [1, 0], [0, 1], 'differ 1'],
  ['opposite vectors', embedding(-1), [1, 0], [-2, 0], 'agree 2'],
  ['a vector of zeros and another', embedding(0.1), [0, 0], [0, 1], 'differ 1'],
  ['vectors of zeros', embedding(1), [0, 0], [0, 0], 'agree 0'],
  ['vectors of different lengths', embedding(0), [1], [1, 0], 'schema difference'],
  ['large numbers in vectors', embedding(0.999), [1e300, 0], [1e300, 1], 'agree 0'],
  ['texts that differ in case, form and space', text(1), 'Ｈello  World', ' hello world\n', 'agree 0'],
  ['the same words in another order', text(1), 'a b', 'b a', 'differ 0'],
  ['half of the words', text(0.5), 'a b c', 'a b d', 'agree 0.5'],
  ['repeated words count', text(0.9), 'a a a', 'a', 'differ 0.666666667'],
  ['a text at a path', text(1, '$.y'), { y: 'Yes' }, { y: 'yes' }, 'agree 0'],
  ['a text that is none', text(1, '$.y'), { y: 1 }, { y: 'yes' }, 'schema difference'],
  ['documents whose members are in another order', json(), { a: 1, b: [1, 2] }, { b: [1, 2], a: 1 }, 'agree 0'],
  ['one of three values', json(), { a: 1, b: [1, 2] }, { a: 1, b: [1, 3] }, 'differ 0.333333333'],
  ['numbers within the tolerance', json([], 0.1), { a: 1 }, { a: 1.05 }, 'agree 0'],
  ['a list that is longer', json(), [1], [1, 2], 'differ 0.5'],
  ['a member more', json(), { a: 1 }, { a: 1, b: 1 }, 'schema difference'],
  ['a member that is ignored', json(['$.b']), { a: 1 }, { a: 1, b: 1 }, 'agree 0'],
  ['members of elements that are ignored', json(['$.rows[*].id']), { rows: [{ id: 1, y: 1 }] }, { rows: [{ id: 2, y: 1 }] }, 'agree 0'],
  ['one element that is ignored', json(['$[1]']), [1, 2], [1, 3], 'agree 0'],
  ['another type', json(), { a: 1 }, { a: '1' }, 'schema difference'],
  ['null instead of a value', json(), { a: null }, { a: 1 }, 'schema difference'],
  ['a list instead of an object', json(), { a: [] }, { a: {} }, 'schema difference'],
  ['what only one answer has no JSON for', json(), '{', '{}', 'schema difference'],
  ['members named like those that all objects have', json(), '{"__proto__":1}', '{"constructor":1}', 'schema difference'],
])('%s', (_, plan, a, b, expected) => expect(found(plan, a, b)).toBe(expected));

describe('every comparison', () => {
  const scalar = fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null));
  const y = fc.oneof(
    scalar,
    fc.array(fc.oneof(fc.string(), fc.double({ min: 0, max: 1 })), { maxLength: 6 }),
    fc.dictionary(fc.string(), scalar, { maxKeys: 4 }),
  );
  const answer = fc.oneof(
    y.map((value) => bytes({ y: value })),
    fc.jsonValue().map(bytes),
    fc.uint8Array({ maxLength: 40 }),
    fc.string().map((value) => Buffer.from(value)),
  );
  const plan = fc.constantFrom(...PLANS);
  const comparable = (outcome: ComparisonOutcome): unknown => ('difference' in outcome ? outcome : outcome.kind);

  test('finds the same in either order', () => {
    fc.assert(fc.property(plan, answer, answer, (how, a, b) => {
      expect(comparable(compare(how, a, b))).toEqual(comparable(compare(how, b, a)));
    }), { numRuns: 2_000 });
  });

  test('never calls an answer different from itself, and gives a difference that a metric can carry', () => {
    fc.assert(fc.property(plan, answer, answer, (how, a, b) => {
      expect(compare(how, a, a)).not.toMatchObject({ kind: 'differ' });
      const outcome = compare(how, a, b);
      if ('difference' in outcome) {
        expect(Number.isFinite(outcome.difference) && outcome.difference >= 0).toBe(true);
      }
    }), { numRuns: 2_000 });
  });

  test('of numbers agrees the more the larger the tolerance', () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(
        finite,
        finite,
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (a, b, absolute, relative) => {
          const tight = found(number(absolute, relative), { y: a }, { y: b });
          const wide = found(number(absolute * 2, relative), { y: a }, { y: b });
          expect(tight.startsWith('agree') && wide.startsWith('differ')).toBe(false);
        },
      ),
    );
  });
});

describe('documents without bounds', () => {
  const deep = (depth: number, leaf: string): Uint8Array => Buffer.from(`${'[{"a":'.repeat(depth)}${leaf}${'}]'.repeat(depth)}`);
  /** Work, not time: a walk that looks at every value once. */
  test('that are deep are compared without recursion', () => {
    for (const how of PLANS) {
      compare(how, deep(50_000, '1'), deep(50_000, '2'));
    }
    expect(compare(json(), deep(50_000, '1'), deep(50_000, '1'))).toMatchObject({ kind: 'agree' });
    expect(compare(json(), deep(50_000, '1'), deep(50_000, '2'))).toMatchObject({ kind: 'differ', difference: 1 });
  });

  test('that are huge are not compared to the end', () => {
    const many = bytes(Array.from({ length: 400_000 }, () => 1));
    expect(compare(json(), many, many)).toMatchObject({ kind: 'schema difference', reason: expect.stringContaining('more than 200000 values') });
    expect(compare(embedding(1), many, many)).toMatchObject({ kind: 'agree' });
    expect(compare(json(['$[*]']), many, bytes([]))).toMatchObject({ kind: 'agree' });
  });
});

test('what is wrong with a plan is said with its value and remedy', () => {
  expect(PLANS.flatMap(comparisonProblems)).toEqual([]);
  expect([
    number(-1, 2), json(['meta'], NaN), { ...ranking(0.5, 2), path: '$..a' } as ComparisonPlan, probabilities(-0.1), embedding(1.5), text(NaN),
  ].flatMap(comparisonProblems)).toEqual([
    expect.stringMatching(/^absolute of the comparison is -1, but must be between 0/),
    expect.stringMatching(/^relative of the comparison is 2, .*between 0 and 1; 0\.01/),
    expect.stringMatching(/ignored path of the comparison is "meta"/),
    expect.stringMatching(/^absolute of the comparison is NaN/),
    expect.stringMatching(/path is "\$\.\.a"/),
    expect.stringMatching(/^top of the comparison is 0\.5/),
    expect.stringMatching(/^top of the comparison is 0\.5, but must be a whole number/),
    expect.stringMatching(/^minOverlap of the comparison is 2/),
    expect.stringMatching(/^tolerance of the comparison is -0\.1/),
    expect.stringMatching(/^minSimilarity of the comparison is 1\.5/),
    expect.stringMatching(/^minOverlap of the comparison is NaN/),
  ]);
});
