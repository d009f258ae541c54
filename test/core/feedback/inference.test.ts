import fc from 'fast-check';
import { answered, type Change, type Effect, type Inference, shadowAnswered, told } from '../../../lib/core/feedback/inference';
import { isWrong, type Label, labelOf, type OutcomeRule } from '../../../lib/core/feedback/plan';

const byLabel: OutcomeRule = { kind: 'label', prediction: '$.label' };
const answer = { variant: 'production', role: 'production', version: 'v1', at: 1_000, prediction: 7 } as const;

test.each<[OutcomeRule, Label, Label | undefined, boolean]>([
  [byLabel, 7, 7, false], [byLabel, '7', 7, false], [byLabel, 'cat', 'dog', true], [byLabel, true, true, false], [byLabel, 7, undefined, true],
  [{ ...byLabel, tolerance: 0.5 }, 7, 7.5, false], [{ ...byLabel, tolerance: 0.5 }, 7, 7.6, true], [{ ...byLabel, tolerance: 0.5 }, '7', '7.4', false],
  [{ ...byLabel, tolerance: 0.5 }, '', 0, true], [{ ...byLabel, tolerance: 0.5 }, 'cat', 'cat', false],
  [{ kind: 'score', atLeast: 0.5 }, 0.5, undefined, false], [{ kind: 'score', atLeast: 0.5 }, 0.49, undefined, true], [{ kind: 'reward', atLeast: 0 }, -1, undefined, true],
])('by %j %j for %j is wrong: %s', (rule, outcome, prediction, wrong) => expect(isWrong(rule, outcome, prediction)).toBe(wrong));

test('only what is a label is kept of an answer', () => {
  expect([labelOf('x'), labelOf(0), labelOf(false), labelOf('x'.repeat(1_025)), labelOf(NaN), labelOf(null), labelOf({ card: '4111' }), labelOf(['secret']), labelOf(undefined)])
    .toEqual(['x', 0, false, undefined, undefined, undefined, undefined, undefined, undefined]);
});

test('the first answer under an id stays, and a shadow is recorded once', () => {
  const { inference } = answered(undefined, answer)!;
  expect(answered(inference, { ...answer, version: 'v2' })).toBeUndefined();
  const shadowed = shadowAnswered(inference, 'v3', { version: 'v3', prediction: 7 }, byLabel)!.inference;
  expect(shadowAnswered(shadowed, 'v3', { version: 'v4', prediction: 8 }, byLabel)).toBeUndefined();
});

test('an outcome counts once, a contradiction not, and a correction only what it changes', () => {
  const { inference } = answered(undefined, answer)! as Change & { inference: Inference & { answer: typeof answer } };
  const first = told(inference, 3, false, byLabel);
  expect(first).toMatchObject({ verdict: 'accepted', change: { effect: { outcomes: 1, wrong: 1 } } });
  const known = first.change!.inference as typeof inference;
  expect(told(known, 3, true, byLabel)).toEqual({ verdict: 'duplicate' });
  expect(told(known, 7, false, byLabel)).toEqual({ verdict: 'conflict' });
  expect(told(known, 7, true, byLabel)).toMatchObject({ verdict: 'corrected', change: { effect: { outcomes: 0, wrong: -1 } } });
  expect(told(known, 4, true, byLabel)).toMatchObject({ verdict: 'corrected', change: { effect: { outcomes: 0, wrong: 0 } } });
  expect(told(inference, 7, true, byLabel)).toMatchObject({ verdict: 'accepted', change: { effect: { outcomes: 1, wrong: 0 } } });
});

test('a candidate\'s answer makes no pair with a shadow, and a score says nothing of one', () => {
  const of = (role: 'production' | 'candidate', rule: OutcomeRule): Effect => {
    const shadowed = shadowAnswered(answered(undefined, { ...answer, role })!.inference, 'v3', { version: 'v3', prediction: 1 }, rule)!.inference;
    return told(shadowed as never, 7, false, rule).change!.effect;
  };
  expect(of('production', byLabel).pairs).toEqual([{ shadow: 'v3', version: 'v3', pairs: 1, onlyShadowWrong: 1, onlyProductionWrong: 0 }]);
  expect([of('candidate', byLabel).pairs, of('production', { kind: 'score', atLeast: 1 }).pairs]).toEqual([[], []]);
});

test('a rating counts once, and another only as a correction, by what it is more or less', () => {
  const byStars: OutcomeRule = { kind: 'rating', lowest: 1, highest: 5 };
  const { inference } = answered(undefined, answer)! as Change & { inference: Inference & { answer: typeof answer } };
  const first = told(inference, 4, false, byStars);
  expect(first).toMatchObject({ verdict: 'accepted', change: { effect: { outcomes: 1, wrong: 0, rating: 4, pairs: [] } } });
  const rated = first.change!.inference as typeof inference;
  expect(told(rated, 4, false, byStars)).toEqual({ verdict: 'duplicate' });
  expect(told(rated, 1, false, byStars)).toEqual({ verdict: 'conflict' });
  expect(told(rated, 1, true, byStars)).toMatchObject({ verdict: 'corrected', change: { effect: { outcomes: 0, wrong: 0, rating: -3 } } });
});

type Step = { readonly kind: 'answer' } | { readonly kind: 'shadow'; readonly name: string; readonly prediction: number } | { readonly kind: 'label'; readonly label: number };

function changeBy(step: Step, known: Inference | undefined): ReturnType<typeof answered> {
  switch (step.kind) {
    case 'answer':
      return answered(known, { ...answer, prediction: 1 });
    case 'shadow':
      return shadowAnswered(known, step.name, { version: step.name, prediction: step.prediction }, byLabel);
    case 'label':
      return known?.answer === undefined ? undefined : told({ ...known, answer: known.answer }, step.label, true, byLabel).change;
  }
}

test('in whatever order and however often answers, shadows, labels and corrections come, the sums are those of what is known in the end', () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.constant<Step>({ kind: 'answer' }),
    fc.record({ kind: fc.constant('shadow' as const), name: fc.constantFrom('a', 'b'), prediction: fc.constantFrom(1, 2) }),
    fc.record({ kind: fc.constant('label' as const), label: fc.constantFrom(1, 2, 3) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
    let known: Inference | undefined;
    const sums = { outcomes: 0, wrong: 0 };
    const pairs = new Map<string, [number, number, number]>();
    for (const each of steps) {
      const change = changeBy(each, known);
      if (change === undefined) {
        continue;
      }
      known = change.inference;
      sums.outcomes += change.effect.outcomes;
      sums.wrong += change.effect.wrong;
      for (const { shadow, ...pair } of change.effect.pairs) {
        const [all, ours, theirs] = pairs.get(shadow) ?? [0, 0, 0];
        pairs.set(shadow, [all + pair.pairs, ours + pair.onlyShadowWrong, theirs + pair.onlyProductionWrong]);
      }
    }
    const outcome = known?.outcome;
    expect(sums).toEqual({ outcomes: Number(outcome !== undefined), wrong: Number(outcome !== undefined && outcome.value !== 1) });
    const expected = Object.entries(outcome === undefined ? {} : known!.shadows).map(([name, { prediction }]) => {
      const [shadowWrong, productionWrong] = [prediction !== outcome!.value, outcome!.value !== 1];
      return [name, [1, Number(shadowWrong && !productionWrong), Number(productionWrong && !shadowWrong)]];
    });
    expect(Object.fromEntries(pairs)).toEqual(Object.fromEntries(expected));
  }));
});
