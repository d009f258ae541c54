import fc from 'fast-check';
import { checkMeasurement } from '../../../lib/core/judge/check-measurement';
import { Judge, judge } from '../../../lib/core/judge/judge';
import type { Measurement, Period } from '../../../lib/core/judge/period';
import type { GuardrailPlan } from '../../../lib/core/judge/plan';
import { after, errorsPlan, MINUTE, minutes, START } from '../../fixtures/judged-rollouts';

const healthy = minutes(40);
const replaced = (index: number, change: (period: Period) => Period): Period[] =>
  healthy.map((period, i) => (i === index ? change(period) : period));
const errors = (candidate: readonly [number, number], production: readonly [number, number] = [5700, 57]): Measurement => ({
  kind: 'counts', candidate: { total: candidate[0], bad: [candidate[1]] }, production: { total: production[0], bad: [production[1]] },
});

describe('bad input', () => {
  test('the untouched rollout would be permitted to advance', () => {
    expect(judge(errorsPlan, healthy, after(40)).verdict).toBe('advance-permitted');
  });

  test.each<[string, Measurement]>([
    ['negative errors', errors([300, -1])],
    ['more errors than requests', errors([300, 301])],
    ['NaN errors', errors([300, NaN])],
    ['NaN requests', errors([NaN, 0])],
    ['infinite requests', errors([Infinity, 3])],
    ['negative production', errors([300, 3], [-5, -6])],
    ['two outcomes instead of one', { kind: 'counts', candidate: { total: 300, bad: [1, 2] }, production: { total: 5700, bad: [57, 57] } }],
    ['another kind', { kind: 'disagreement', pairs: 10, disagreements: 1 }],
    ['an unknown kind', { kind: 'horoscope' } as unknown as Measurement],
  ])('fails to pass %s off as evidence: the analysis is invalid', (_, measurement) => {
    const { verdict, sentence, problems } = judge(
      errorsPlan,
      replaced(20, (period) => ({ ...period, measurements: { errors: measurement } })),
      after(40),
    );
    expect(verdict).toBe('invalid');
    expect(sentence).toMatch(/^analysis invalid: errors: .*\(2026-11-24 12:20 UTC\)$/);
    expect(problems).toHaveLength(1);
  });

  test('fails to trust requests or shares that cannot be', () => {
    for (const change of [
      { requests: { candidate: -1, production: 5 } },
      { requests: { candidate: NaN, production: 5 } },
      { share: 1.2 },
      { share: NaN },
    ]) {
      expect(
        judge(
          errorsPlan,
          replaced(3, (period) => ({ ...period, ...change })),
          after(40),
        ).verdict,
      ).toBe('invalid');
    }
  });

  test('rolls back on sound evidence even among bad data', () => {
    const periods = minutes(15, 0.05).map((period, i) => (i === 14 ? { ...period, measurements: { errors: errors([1, 2]) } } : period));
    expect(judge(errorsPlan, periods, after(15)).verdict).toBe('roll back');
  });

  test('does not let a guardrail that only observes invalidate the others', () => {
    const plan = { ...errorsPlan, guardrails: [...errorsPlan.guardrails, { name: 'score', kind: 'drift', label: 'score', bins: 3, action: 'observe' } satisfies GuardrailPlan] };
    const periods = healthy.map((period): Period => ({ ...period, measurements: { ...period.measurements, score: { kind: 'drift', candidate: [1], production: [NaN] } } }));
    const { verdict, problems } = judge(plan, periods, after(40));
    expect(verdict).toBe('advance-permitted');
    expect(problems.length).toBe(40);
  });

  test('counts a period once however often it was read the same', () => {
    const again = healthy.map(({ measurements, requests, share, step, start }) => ({ measurements, requests, share, step, start }));
    expect(judge(errorsPlan, [...healthy, ...again], after(40))).toEqual(judge(errorsPlan, healthy, after(40)));
  });

  test('fails to choose between two readings of one period', () => {
    const contradicting = { ...healthy[9], measurements: { errors: errors([300, 0]) } };
    for (const periods of [[...healthy, contradicting], [contradicting, ...healthy]]) {
      const { verdict, sentence, logEvidence } = judge(errorsPlan, periods, after(40));
      expect(verdict).toBe('invalid');
      expect(sentence).toBe('analysis invalid: one period was read with two results (2026-11-24 12:09 UTC)');
      // Neither of the two counts.
      expect(logEvidence).toBe(judge(errorsPlan, healthy.filter((_, i) => i !== 9), after(40)).logEvidence);
    }
  });

  test('fails to place a period off the grid, or at no time at all', () => {
    for (const start of [START + 90_001, NaN, Infinity]) {
      expect(judge(errorsPlan, [...healthy, { ...healthy[0], start }], after(40)).verdict).toBe('invalid');
    }
  });

  test('periods that are missing in the middle neither harm nor certify', () => {
    const holes = healthy.filter((_, i) => i % 3 !== 1 || i > 30);
    const judgement = judge(errorsPlan, holes, after(40));
    expect(judgement.verdict).toBe('advance-permitted');
    expect(judgement.periods).toMatchObject({ closed: 40, withData: holes.length });
    expect(judge({ ...errorsPlan, minimumPeriods: 35 }, holes, after(40)).verdict).toBe('hold');
  });

  test('fails to advance once the latest periods are missing', () => {
    const { verdict, sentence, periods } = judge(errorsPlan, healthy.slice(0, 37), after(40));
    expect(verdict).toBe('hold');
    expect(sentence).toMatch(/^no traffic read for 3 periods/);
    expect(periods.sinceLast).toBe(3);
    expect(judge(errorsPlan, healthy.slice(0, 38), after(40)).verdict).toBe('advance-permitted');
  });

  test('fails to advance on a metric that has vanished, and says since when nothing came', () => {
    const vanished = healthy.map((period, i): Period => (i < 35 ? period : { ...period, measurements: {} }));
    const { verdict, sentence, guardrails } = judge(errorsPlan, vanished, after(40));
    expect(guardrails[0]).toMatchObject({ certified: true, silent: true });
    expect(verdict).toBe('hold');
    expect(sentence).toBe('errors: no data for 3 periods or more');
  });

  test('fails to advance when requests are no longer read, or their split not checked', () => {
    const blind = healthy.map((period, i): Period => (i < 35 ? period : { ...period, requests: undefined }));
    expect(judge(errorsPlan, blind, after(40)).verdict).toBe('hold');
    const unsplit = healthy.map((period, i): Period => (i < 35 ? period : { ...period, share: undefined }));
    expect(judge(errorsPlan, unsplit, after(40)).sentence).toBe('the split of the requests could not be checked');
  });

  test('fails to advance without any traffic, candidate or production', () => {
    const silent = healthy.map((period, i): Period => (i < 30 ? period : {
      ...period, requests: { candidate: 0, production: 0 }, measurements: { errors: errors([0, 0], [0, 0]) },
    }));
    expect(judge(errorsPlan, silent, after(40)).verdict).toBe('hold');
    const starved = healthy.map((period, i): Period => (i < 30 ? period : {
      ...period, requests: { candidate: 0, production: 6000 }, measurements: { errors: errors([0, 0], [6000, 60]) },
    }));
    expect(judge(errorsPlan, starved, after(40)).verdict).toBe('invalid');
  });

  test('ignores history, and periods that are not closed yet', () => {
    const outside = [{ ...healthy[0], start: START - MINUTE, measurements: { errors: errors([300, 300]) } },
      { ...healthy[0], start: START + 40 * MINUTE, measurements: { errors: errors([300, 300]) } }];
    expect(judge(errorsPlan, [...healthy, ...outside], after(40))).toEqual(judge(errorsPlan, healthy, after(40)));
  });

  test('fails to advance when a clock runs ahead or behind', () => {
    const shift = (by: number): Period[] => healthy.map((period) => ({ ...period, start: period.start + by * MINUTE }));
    expect(judge(errorsPlan, shift(60), after(40)).verdict).toBe('hold');
    expect(judge(errorsPlan, shift(-60), after(40)).verdict).toBe('hold');
    expect(judge(errorsPlan, healthy, { step: 0, closedUntil: NaN }).verdict).toBe('hold');
    expect(judge(errorsPlan, healthy, { step: 0, closedUntil: -1 }).verdict).toBe('hold');
    expect(judge(errorsPlan, [], after(0)).verdict).toBe('hold');
  });

  test('fails to add a period out of order to a judge that accumulates', () => {
    const accumulating = new Judge(errorsPlan);
    accumulating.add(healthy[1]);
    expect(() => accumulating.add(healthy[1])).toThrow(RangeError);
    expect(() => accumulating.add(healthy[0])).toThrow(RangeError);
    expect(() => accumulating.add({ ...healthy[2], start: healthy[2].start + 1 })).toThrow(RangeError);
  });

  test('every kind of measurement is checked', () => {
    const mean: GuardrailPlan = { name: 'm', kind: 'mean', label: 'm', worse: 'lower', standardDeviation: 1, capped: true };
    const good = { count: 2, sum: 3, sumOfSquares: 5, cappedSum: 1 };
    const cases: [GuardrailPlan, Measurement, RegExp | undefined][] = [
      [mean, { kind: 'mean', candidate: good, production: good }, undefined],
      [mean, { kind: 'mean', candidate: { ...good, sumOfSquares: 4 }, production: good }, /candidate has a sum of squares 4 too small/],
      [mean, { kind: 'mean', candidate: good, production: { ...good, cappedSum: 3 } }, /production has a capped sum of 3 over 2/],
      [mean, { kind: 'mean', candidate: { ...good, cappedSum: undefined }, production: good }, /capped sum of undefined/],
      [mean, { kind: 'mean', candidate: { ...good, count: -1 }, production: good }, /candidate has -1 outcomes/],
      [{ name: 'd', kind: 'drift', label: 'd', bins: 2 }, { kind: 'drift', candidate: [1, 2], production: [1, -2] }, /production: -2 is not a count/],
      [{ name: 'd', kind: 'drift', label: 'd', bins: 2 }, { kind: 'drift', candidate: [1, 2, 3], production: [1, 2] }, /candidate has 3 bins instead of 2/],
      [{ name: 'p', kind: 'disagreement', label: 'p', bound: 0.1 }, { kind: 'disagreement', pairs: 5, disagreements: 6 }, /6 disagreements of 5 pairs/],
      [{ name: 'p', kind: 'disagreement', label: 'p', bound: 0.1 }, { kind: 'disagreement', pairs: NaN, disagreements: 0 }, /NaN is not a count/],
      [{ name: 'l', kind: 'discordance', label: 'l' }, { kind: 'discordance', pairs: 5, onlyCandidateWrong: 3, onlyProductionWrong: 3 }, /3 \+ 3 pairs with one side wrong of 5/],
      [{ name: 'o', kind: 'counts', outcomes: [{ label: 'slow', form: 'odds' }] }, errors([300, 2.5]), /2.5 slow of 300 requests, which are not whole/],
    ];
    for (const [plan, measurement, problem] of cases) {
      const found = checkMeasurement(plan, measurement);
      if (problem === undefined) {
        expect(found).toBeUndefined();
      } else {
        expect(found).toMatch(problem);
      }
    }
  });

  test('never permits an advance, never throws and never shows NaN, whatever is in a period', () => {
    const anything = fc.oneof(
      fc.constantFrom(NaN, Infinity, -Infinity, -1, 0.5),
      fc.integer({ min: 0, max: 400 }),
      fc.integer({ min: 0, max: 2_000_000_000 }),
    );
    const measurement = fc.option(
      fc.tuple(anything, anything, anything, anything).map(([a, b, c, d]) => errors([a, b], [c, d])),
      { nil: undefined },
    );
    const period = fc.record({
      start: fc.constantFrom(START, START + MINUTE, START + 2 * MINUTE, START + 7, NaN, START - MINUTE, START + 1000 * MINUTE),
      step: fc.constantFrom(0, 1), share: fc.option(anything, { nil: undefined }),
      requests: fc.option(fc.record({ candidate: anything, production: anything }), { nil: undefined }),
      measurements: measurement.map((value) => ({ errors: value })),
    });
    fc.assert(fc.property(fc.array(period, { maxLength: 6 }), (periods) => {
      const judgement = judge(errorsPlan, periods, after(3));
      expect(judgement.verdict).not.toBe('advance-permitted');
      expect(judgement.sentence).not.toMatch(/undefined|evidence NaN/);
      expect(Number.isFinite(judgement.logEvidence)).toBe(true);
      expect(Number.isFinite(judgement.sampleRatio.logEvidence)).toBe(true);
    }), { numRuns: 300, seed: 13 });
  });
});
