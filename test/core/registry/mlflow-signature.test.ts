import { Validator } from '@cfworker/json-schema';
import { answersOf } from '../../../lib/core/registry/mlflow-signature';
import { schemaFaults } from '../../../lib/guardrail/schema-faults';

const tensor = (dtype: string, shape: number[], name?: string): object => ({ type: 'tensor', 'tensor-spec': { dtype, shape }, ...(name && { name }) });
const column = (type: string, name?: string, required = true): object => ({ type, required, ...(name && { name }) });

/** Outputs of a signature, what MLflow's server answers to them, and what it never does. */
const CASES: readonly [what: string, outputs: readonly object[], follow: readonly unknown[], breaks: readonly unknown[]][] = [
  ['numbers of an array', [tensor('float64', [-1])], [[0, 1.5], []], [['fraud'], 3, null, [null]]],
  ['classes of an array', [tensor('int64', [-1])], [[0, 1]], [[0.5], ['0']]],
  ['probabilities by class', [tensor('float32', [-1, 2])], [[[0.25, 0.75]], []], [[[0.25]], [0.25, 0.75], [[0.2, 0.3, 0.5]]]],
  ['arrays by name', [tensor('bool', [-1], 'fraud'), tensor('str', [-1], 'why')], [{ fraud: [true], why: ['amount'] }], [{ fraud: [1], why: [] }, { fraud: [true] }, []]],
  [
    'a data frame', [column('string', 'label'), column('double', 'score'), column('long', 'rank', false)],
    [[{ label: 'fine', score: 0.5, rank: null }, { label: 'bad', score: 1 }], { label: 'fine', score: 0 }], [[{ label: 'fine' }], [{ label: 1, score: 1 }], ['fine']],
  ],
  ['one column without a name', [column('string')], ['text', ['a', 'b'], [{ 0: 'a' }]], [[1], [{ 0: 1 }], null]],
  [
    'objects, lists and maps', [
      { name: 'people', required: true, type: 'array', items: { type: 'object', properties: { age: column('integer'), mail: column('string', undefined, false) } } },
      { name: 'weights', required: true, type: 'map', values: { type: 'double' } },
    ],
    [[{ people: [{ age: 30 }, { age: 31, mail: null }], weights: { a: 0.5 } }]], [[{ people: [{ mail: 'a' }], weights: {} }], [{ people: [], weights: { a: 'b' } }]],
  ],
  ['whatever there is', [column('any')], [1, 'a', null, [{}]], []],
];

test.each(CASES)('answers by a signature: %s', (_, outputs, follow, breaks) => {
  const schema = answersOf(outputs)!;
  expect(schemaFaults(schema)).toEqual([]);
  const validator = new Validator(schema, '2020-12');
  const follows = (predictions: unknown): boolean => validator.validate({ predictions }).valid;
  expect(follow.map(follows)).toEqual(follow.map(() => true));
  expect(breaks.map(follows)).toEqual(breaks.map(() => false));
  expect(validator.validate([]).valid).toBe(false);
});

test.each([[undefined], [null], [[]], ['tensor'], [[1]]])('a signature with outputs %p says nothing of answers', (outputs) => {
  expect(answersOf(outputs)).toBeUndefined();
});
