import fc from 'fast-check';
import { isAlike } from '../../../lib/core/judge/alike';
import { judge } from '../../../lib/core/judge/judge';
import { KeptJudge } from '../../../lib/core/judge/kept-judge';
import type { Period } from '../../../lib/core/judge/period';
import type { JudgePlan } from '../../../lib/core/judge/plan';
import { after, errorsPlan, minutes } from '../../fixtures/judged-rollouts';

const plan: JudgePlan = {
  ...errorsPlan,
  clip: { perPeriod: 1, saved: 1.5, atOnce: 6.5 },
  guardrails: [...errorsPlan.guardrails, { kind: 'counts', name: 'late', action: 'hold', outcomes: [{ label: 'wrong' }], delayPeriods: 5 }],
};
const LONGEST = 30;

/** What a reading at some minute finds: some periods are not there yet, others have been revised, and labels come late. */
const reading = fc.record({
  minute: fc.integer({ min: 1, max: LONGEST }),
  missing: fc.uniqueArray(fc.nat(LONGEST - 1), { maxLength: 2 }),
  revised: fc.uniqueArray(fc.nat(LONGEST - 1), { maxLength: 2 }),
  labelled: fc.nat(LONGEST),
  step: fc.nat(1),
  backwards: fc.boolean(),
});

function read(rate: number, { minute, missing, revised, labelled, backwards }: Read): Period[] {
  const periods = minutes(minute, rate).flatMap((period, index): Period[] => {
    const { errors } = period.measurements;
    if (missing.includes(index) || errors?.kind !== 'counts') {
      return [];
    }
    const candidate = { total: errors.candidate.total + 5, bad: errors.candidate.bad.map((bad) => bad + 5) };
    const counted = revised.includes(index) ? { ...errors, candidate } : errors;
    return [{ ...period, measurements: { errors: counted, ...(index < labelled ? { late: errors } : {}) } }];
  });
  return backwards ? periods.reverse() : periods;
}

type Read = typeof reading extends fc.Arbitrary<infer Value> ? Value : never;

test('a judge who is kept judges like one who is told everything anew, whatever comes late, is revised or is gone', () => {
  fc.assert(
    fc.property(fc.constantFrom(0.01, 0.02, 0.05), fc.array(reading, { minLength: 1, maxLength: 8 }), (rate, readings) => {
      const kept = new KeptJudge();
      // Most readings follow in time, as a controller's do; some do not.
      const ordered = [...readings].sort((one, other) => one.minute - other.minute);
      for (const each of [...ordered, ...readings]) {
        const [periods, standing] = [read(rate, each), after(each.minute, each.step)];
        expect(kept.judgement(plan, periods, standing)).toEqual(judge(plan, periods, standing));
      }
    }),
    { numRuns: 60, seed: 7 },
  );
});

test('a judgement that is read later says what was known when it was made', () => {
  const kept = new KeptJudge();
  const made = Array.from({ length: LONGEST }, (_, index) => kept.judgement(plan, minutes(index + 1, 0.03), after(index + 1)));
  expect(made).toEqual(made.map((_, index) => judge(plan, minutes(index + 1, 0.03), after(index + 1))));
  expect(JSON.parse(JSON.stringify(made[9]))).toMatchObject({ guardrails: [{ sentence: made[9].guardrails[0].sentence }, {}] });
});

test('another plan has a judge of its own', () => {
  const kept = new KeptJudge();
  kept.judgement(plan, minutes(12, 0.05), after(12));
  const strict = { ...plan, alpha: 1e-9 };
  expect(kept.judgement(strict, minutes(12, 0.05), after(12))).toEqual(judge(strict, minutes(12, 0.05), after(12)));
});

test('a plan that cannot be judged leaves nothing behind', () => {
  const kept = new KeptJudge();
  expect(() => kept.judgement({ ...plan, alpha: 2 }, minutes(3), after(3))).toThrow();
  expect(kept.judgement(plan, minutes(3), after(3))).toEqual(judge(plan, minutes(3), after(3)));
});

test('data are alike that say the same', () => {
  expect(isAlike({ a: 1, b: [NaN, undefined], c: undefined }, { b: [NaN, undefined], a: 1 })).toBe(true);
  const unlike = [[{ a: 1 }, { a: 2 }], [{ a: 1 }, {}], [[1], [1, 2]], [[], {}], [{ a: null }, {}], [0, '0'], [undefined, {}]];
  for (const [one, other] of unlike) {
    expect([isAlike(one, other), isAlike(other, one)]).toEqual([false, false]);
  }
});
