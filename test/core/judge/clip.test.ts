import fc from 'fast-check';
import { Clip } from '../../../lib/core/judge/clip';
import { Judge } from '../../../lib/core/judge/judge';
import type { JudgePlan } from '../../../lib/core/judge/plan';
import { multiplesOf, rateIncrements, expectedIncrements, REGRESSION_MULTIPLES } from '../../../lib/core/judge/rate';
import { randomOf } from '../../../rehearsal/engine/random';

const clip = { perPeriod: 1, saved: 1.5, atOnce: 6.5 };
const MULTIPLES = multiplesOf(REGRESSION_MULTIPLES);
const bound = { ratio: 1.1, tolerance: 0.0005 };
const plan: JudgePlan = { start: 0, periodMs: 60_000, plannedPeriods: 60, guardrails: [{ kind: 'counts', name: 'errors', outcomes: [{ label: 'errors' }] }] };

const gains = fc.array(fc.tuple(fc.double({ min: -5, max: 300, noNaN: true }), fc.double({ min: 0, max: 300, noNaN: true })), {
  minLength: 1,
  maxLength: 40,
});

test('takes away and never gives, and in whatever row of periods leaves no more than the credit and one allowance each', () => {
  fc.assert(fc.property(gains, (row) => {
    const limited = new Clip(8, clip);
    const left = row.map(([gain, expected]) => {
      const increments = new Float64Array(8).fill(gain);
      limited.apply(increments, new Float64Array(8).fill(expected), 1, 1);
      increments.forEach((value) => expect(value).toBeLessThanOrEqual(gain));
      return Array.from(increments);
    });
    for (let j = 0; j < 8; j++) {
      for (let from = 0; from < left.length; from++) {
        let sum = 0;
        for (let to = from; to < left.length; to++) {
          sum += left[to][j];
          expect(sum).toBeLessThanOrEqual((j < 5 ? clip.atOnce : clip.perPeriod + clip.saved) + clip.perPeriod * (to - from) + 1e-9);
        }
      }
    }
  }), { seed: 1, numRuns: 200 });
});

test('says a fifth less, and nothing at once, where production has bursts', () => {
  const limited = new Clip(8, clip);
  const said = Array.from({ length: 3 }, () => {
    const increments = new Float64Array(8).fill(300);
    limited.apply(increments, new Float64Array(8).fill(300), 1, 1, { bursts: 'seen' });
    return increments[0];
  });
  [2, 0.8, 0.8].forEach((nats, minute) => expect(said[minute]).toBeCloseTo(nats, 9));
});

test('a long period says no more than four, and a gap saves no more than a period does', () => {
  const limited = new Clip(8, clip);
  const said = [[1, 1], [15, 15], [500, 1]].map(([elapsed, periods]) => {
    const increments = new Float64Array(8).fill(300);
    limited.apply(increments, new Float64Array(8), elapsed, periods);
    return increments[0];
  });
  expect(said).toEqual([2.5, 5.5, 2.5]);
});

test('evidence stays valid: its mean is at most 1 on the bound', () => {
  const random = randomOf(3);
  const sums = new Float64Array(8);
  const runs = 20_000;
  for (let i = 0; i < runs; i++) {
    const counts = {
      candidateTotal: 300,
      candidateBad: random.binomial(300, 0.0115),
      productionTotal: 5_700,
      productionBad: random.binomial(5_700, 0.01),
    };
    const increments = rateIncrements(counts, bound, MULTIPLES, 1, new Float64Array(8));
    new Clip(8, clip).apply(increments, expectedIncrements(counts, bound, MULTIPLES, 1, new Float64Array(8)), 1, 1);
    increments.forEach((value, j) => (sums[j] += Math.exp(value) / runs));
  }
  sums.forEach((mean) => expect(mean).toBeLessThan(1.02));
});

describe('an instance that fails three of ten requests for five minutes', () => {
  /** The highest evidence of a candidate that fails one in a hundred, but for a while. */
  const highest = (from: number, judged: JudgePlan): number => {
    const judge = new Judge(judged);
    for (let minute = 0; minute < 60; minute++) {
      const sick = minute >= from && minute < from + 5;
      judge.add({
        start: minute * 60_000, step: 0, measurements: {
          errors: { kind: 'counts', candidate: { total: 300, bad: [sick ? 90 : 3] }, production: { total: 5_700, bad: [57] } },
        },
      });
    }
    return judge.judgement({ step: 0, closedUntil: 3_600_000 }).highestLogEvidence;
  };

  test('is no proof once the model has been seen healthy', () => {
    expect(highest(20, plan)).toBeGreaterThan(Math.log(100));
    expect(highest(20, { ...plan, clip })).toBeLessThan(Math.log(100));
  });
});

test('one in three that fail from the start on is found within minutes all the same', () => {
  const judge = new Judge({ ...plan, clip });
  for (let minute = 0; judge.crossedAt === undefined; minute++) {
    expect(minute).toBeLessThan(4);
    judge.add({ start: minute * 60_000, step: 0, measurements: { errors: { kind: 'counts', candidate: { total: 300, bad: [100] }, production: { total: 5_700, bad: [57] } } } });
  }
});

test('where nothing ever came in bursts, one in thirty against none is found in three minutes, sooner than elsewhere', () => {
  const minutes = (calm: boolean): number => {
    const judge = new Judge({ ...plan, clip, guardrails: [{ kind: 'counts', name: 'errors', outcomes: [{ label: 'errors', calm }] }] });
    let minute = 0;
    for (; judge.crossedAt === undefined; minute++) {
      judge.add({ start: minute * 60_000, step: 0, measurements: { errors: { kind: 'counts', candidate: { total: 300, bad: [10] }, production: { total: 5_700, bad: [0] } } } });
    }
    return minute;
  };
  expect(minutes(true)).toBeLessThanOrEqual(3);
  expect(minutes(false)).toBeGreaterThan(minutes(true));
});

test('where production fails without bursts, three times as many failures that begin late are found sooner, unless the split shows bursts', () => {
  const minutes = (steady: boolean, unlike = 0): number => {
    const judge = new Judge({ ...plan, clip, guardrails: [{ kind: 'counts', name: 'errors', outcomes: [{ label: 'errors', steady }] }] });
    const onset = 30;
    let minute = 0;
    for (; judge.crossedAt === undefined; minute++) {
      const healthy = 6 + (minute % 3 === 0 ? unlike : 0);
      judge.add({
        start: minute * 60_000, step: 0, measurements: {
          errors: { kind: 'counts', candidate: { total: 600, bad: [minute < onset ? healthy : 18] }, production: { total: 5_400, bad: [54] } },
        },
      });
    }
    return minute - onset;
  };
  expect(minutes(false)).toBe(2 * minutes(true));
  expect(minutes(true, 30)).toBe(minutes(false, 30));
});
