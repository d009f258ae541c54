import { InvalidPlanError } from '../../../lib/core/judge/check-plan';
import { Judge, judge } from '../../../lib/core/judge/judge';
import type { Judgement } from '../../../lib/core/judge/judgement';
import type { Measurement, Period, SegmentsMeasurement } from '../../../lib/core/judge/period';
import type { JudgePlan, SegmentsPlan } from '../../../lib/core/judge/plan';
import { randomOf } from '../../../rehearsal/engine/random';

const MINUTE = 60_000;
const SEGMENTS = 64;

function planOf(segments: Partial<SegmentsPlan> = {}): JudgePlan {
  return {
    start: 0,
    periodMs: MINUTE,
    plannedPeriods: 60,
    longestPeriods: 120,
    clip: { perPeriod: 1.1, saved: 1.5, atOnce: 6.5 },
    minimumPeriods: 1,
    guardrails: [
      { kind: 'counts', name: 'errors', share: 0.5, outcomes: [{ label: 'errors' }] },
      {
        kind: 'segments',
        name: 'errors by tenant',
        share: 0.5,
        label: 'tenant',
        segments: SEGMENTS,
        outcomes: [{ label: 'errors' }],
        delayPeriods: 1,
        silentPeriods: 10,
        ...segments,
      },
    ],
  };
}

/** Requests of many segments, of which the first has a half and each next one half as many as the one before, at a hundred a second. */
function measured(
  seed: number,
  minute: number,
  rates: (segment: number) => { readonly candidate: number; readonly production: number },
  names?: ReadonlyMap<number, string>,
): Period {
  const random = randomOf(seed * 1_000 + minute);
  const shares = Array.from({ length: SEGMENTS }, (_, index) => (index < 8 ? 0.5 ** (index + 1) : 0.5 ** 8 / (SEGMENTS - 8)));
  const side = (name: 'candidate' | 'production', requests: number): SegmentsMeasurement['candidate'] => {
    const totals = shares.map((share) => random.poisson(share * requests));
    return { totals, bad: [totals.map((total, segment) => random.binomial(total, rates(segment)[name]))] };
  };
  const [candidate, production] = [side('candidate', 600), side('production', 5_400)];
  const all = ({ totals, bad: [bad] }: SegmentsMeasurement['candidate']): { total: number; bad: number[] } => ({
    total: totals.reduce((a, b) => a + b),
    bad: [bad.reduce((a, b) => a + b)],
  });
  return {
    start: minute * MINUTE,
    step: 0,
    share: 0.1,
    requests: { candidate: all(candidate).total, production: all(production).total },
    measurements: {
      errors: { kind: 'counts', candidate: all(candidate), production: all(production) },
      'errors by tenant': { kind: 'segments', candidate, production, names },
    },
  };
}

/** The eighth segment and all behind it as one. */
function folded({ measurements, ...period }: Period): Period {
  const { candidate, production } = measurements['errors by tenant'] as SegmentsMeasurement;
  const fold = (values: readonly number[]): number[] => [...values.slice(0, 7), values.slice(7).reduce((a, b) => a + b)];
  const side = ({ totals, bad: [bad] }: SegmentsMeasurement['candidate']): SegmentsMeasurement['candidate'] => ({ totals: fold(totals), bad: [fold(bad)] });
  return { ...period, measurements: { ...measurements, 'errors by tenant': { kind: 'segments', candidate: side(candidate), production: side(production) } } };
}

const judged = (plan: JudgePlan, periods: readonly Period[]): Judgement =>
  judge(plan, periods, { step: 0, closedUntil: (Math.max(...periods.map(({ start }) => start)) / MINUTE + 1) * MINUTE });
const equal = { candidate: 0.01, production: 0.01 };
const minutes = (count: number, of: (minute: number) => Period): Period[] => Array.from({ length: count }, (_, minute) => of(minute));

describe('evidence by segments', () => {
  const failing = 6;
  const periods = minutes(30, (minute) => measured(1, minute, (segment) => (segment === failing ? { candidate: 1, production: 0.01 } : equal), new Map([[failing, minute % 5 === 0 ? 'other' : 'acme']])));

  test('finds one that fails wholly, and names the value that failed most', () => {
    const { verdict, sentence, attributedTo, crossedAt } = judged(planOf(), periods);
    expect([verdict, attributedTo]).toEqual(['roll back', 'errors by tenant']);
    expect(sentence).toMatch(/^errors of tenant acme and its group: \d+ of \d+ .+ times as often.*; evidence/);
    expect(crossedAt! / MINUTE).toBeLessThan(8);
  });

  test('names listed values, all others together, and groups of which no value is known', () => {
    const values = Array.from({ length: SEGMENTS - 1 }, (_, index) => `tenant-${index}`);
    expect(judged(planOf({ values }), periods).sentence).toContain('errors of tenant tenant-6: ');
    const others = minutes(30, (minute) =>
      measured(1, minute, (segment) => (segment === 7 ? { candidate: 1, production: 0.01 } : { candidate: 0, production: 0.01 })),
    );
    const seven = minutes(30, (minute) => folded(others[minute]));
    expect(judged(planOf({ values: values.slice(0, 7), segments: 8 }), seven).guardrails[1].sentence).toContain('errors of other values of tenant: ');
    expect(judged(planOf(), others).guardrails[1].sentence).toContain('errors of group 8 of 64 of tenant: ');
  });

  test('of equal versions is none, in any of many rollouts', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const judge = new Judge(planOf());
      minutes(40, (minute) => measured(seed, minute, () => equal)).forEach((period) => judge.add(period));
      expect(judge.crossedAt).toBeUndefined();
    }
  });

  test('is the mean over all segments, seen or not', () => {
    const two = (candidateBad: number): Period => ({
      start: 0, step: 0, measurements: { 'errors by tenant': { kind: 'segments', candidate: { totals: [10, 0], bad: [[candidateBad, 0]] }, production: { totals: [1_000, 50], bad: [[10, 1]] } } },
    });
    const alone = new Judge({ ...planOf(), clip: undefined, guardrails: [{ ...planOf().guardrails[0], share: 1 }] });
    alone.add({ start: 0, step: 0, measurements: { errors: { kind: 'counts', candidate: { total: 10, bad: [5] }, production: { total: 1_000, bad: [10] } } } });
    const both = new Judge({ ...planOf({ segments: 2 }), clip: undefined });
    both.add(two(5));
    const [, { logEvidence }] = both.judgement({ step: 0, closedUntil: MINUTE }).guardrails;
    // The other has an e-value of 1. The multiples are weighted the other way round, because a segment fails wholly as a rule.
    expect(logEvidence).toBeGreaterThan(alone.judgement({ step: 0, closedUntil: MINUTE }).guardrails[0].logEvidence - Math.log(2));
    expect(logEvidence).toBeLessThan(5 * Math.log(100));
  });

  test('is none where only one version has requests', () => {
    const only = (candidate: number, production: number): Period[] => minutes(30, (minute) => ({
      start: minute * MINUTE, step: 0, measurements: { 'errors by tenant': { kind: 'segments', candidate: { totals: [candidate, 100], bad: [[candidate, 0]] }, production: { totals: [production, 100], bad: [[0, 0]] } } },
    }));
    expect(judged(planOf({ segments: 2 }), only(50, 0)).guardrails[1].logEvidence).toBeLessThanOrEqual(0);
    expect(judged(planOf({ segments: 2 }), only(0, 50)).guardrails[1].logEvidence).toBeLessThanOrEqual(0);
    expect(judged(planOf({ segments: 2 }), only(50, 50)).guardrails[1].logEvidence).toBeGreaterThan(10);
  });

  test('is bounded like all other where everything fails for some minutes: that is no segment', () => {
    const rolledBack = Array.from({ length: 40 }, (_, seed) =>
      judged(
        planOf(),
        minutes(40, (minute) =>
          measured(seed + 1, minute, () => (minute >= 20 && minute < 23 ? { candidate: 0.3, production: 0.01 } : equal)),
        ),
      ),
    ).filter(({ verdict, attributedTo }) => verdict === 'roll back' && attributedTo === 'errors by tenant');
    expect(rolledBack.length).toBeLessThanOrEqual(1);
  });

  test('of requests of callers who stick stays bounded: what fails alone may be one caller', () => {
    const [lots, callers] = [planOf(), planOf({ sticky: true })].map((plan) => judged(plan, periods).crossedAt!);
    expect(callers).toBeGreaterThan(lots);
  });

  test('is not asked for certainty, but its silence holds', () => {
    const silent = minutes(20, (minute) => {
      const { measurements, ...period } = measured(1, minute, () => equal);
      return { ...period, measurements: { errors: measurements.errors } };
    });
    const heard = judged(planOf(), [...minutes(1, (minute) => measured(1, minute, () => equal)), ...silent.slice(1)]);
    expect(heard.guardrails[1]).toMatchObject({ silent: true });
    expect(heard.guardrails[1]).not.toHaveProperty('certified');
    expect(heard.reasons.map(({ text }) => text)).toContain('errors by tenant: no data for 10 periods or more');
    expect(judged(planOf(), silent).reasons.map(({ text }) => text)).toContain('errors by tenant: no data yet');
  });

  test('that only holds, holds at its share of the chance', () => {
    const plan = planOf({ action: 'hold' });
    const held = judged({ ...plan, guardrails: [{ ...plan.guardrails[0], action: 'observe' }, plan.guardrails[1], { kind: 'counts', name: 'other', outcomes: [{ label: 'errors' }] }] }, periods);
    expect(held.verdict).toBe('hold');
    expect(held.reasons.map(({ text }) => text)).toContainEqual(expect.stringMatching(/^errors of tenant acme and its group: .*\(held since/));
  });

  test('counts a longer time as what it is: clipped by as many periods', () => {
    const period = (periods: number): number => {
      const judge = new Judge(planOf({ segments: 2 }));
      const side = (bad: number): SegmentsMeasurement['candidate'] => ({ totals: [300, 10], bad: [[bad, 0]] });
      judge.add({ start: 5 * MINUTE, step: 0, measurements: { 'errors by tenant': { kind: 'segments', candidate: side(100), production: side(3), periods } } });
      return judge.judgement({ step: 0, closedUntil: 6 * MINUTE }).guardrails[1].logEvidence;
    };
    expect(period(4)).toBeGreaterThan(period(1));
  });
});

describe('counts of segments that cannot be', () => {
  const side = (totals: readonly number[], ...bad: readonly (readonly number[])[]): SegmentsMeasurement['candidate'] => ({ totals, bad });
  const problems = (measurement: Measurement): readonly string[] =>
    judged(planOf({ segments: 2 }), [{ start: 0, step: 0, measurements: { 'errors by tenant': measurement } }]).problems.map(({ text }) => text);

  test('hold the rollout', () => {
    const sound = side([10, 5], [1, 0]);
    expect(problems({ kind: 'segments', candidate: sound, production: sound })).toEqual([]);
    expect(problems({ kind: 'segments', candidate: side([10, 5], [1, 6]), production: sound })).toEqual(['candidate has 6 errors of 5 requests in segment 2']);
    expect(problems({ kind: 'segments', candidate: sound, production: side([10], [1]) })).toEqual(['production has counts of 1 segments and 1 outcomes instead of 2 and 1']);
    expect(problems({ kind: 'segments', candidate: sound, production: side([10, NaN], [1, NaN]) })).toEqual(['production has NaN errors of NaN requests in segment 2']);
    expect(problems({ kind: 'counts', candidate: { total: 1, bad: [0] }, production: { total: 1, bad: [0] } })).toEqual(['a measurement of kind counts instead of segments']);
  });

  test.each<[Partial<SegmentsPlan>, string]>([
    [{ segments: 1 }, 'segments is 1, not at least 2'], [{ segments: 3, values: ['a'] }, '1 values have names'], [{ outcomes: [] }, 'no outcomes'],
    [{ allowed: { ratio: 0, tolerance: 0.1 } }, 'compares no segments'],
  ])('and plans that could not be judged are refused', (plan, message) => {
    expect(() => new Judge(planOf(plan))).toThrow(InvalidPlanError);
    expect(() => new Judge(planOf(plan))).toThrow(message);
  });
});
