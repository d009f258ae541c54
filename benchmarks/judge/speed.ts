import type { Counts } from '../../lib/core/judge/counts';
import { Judge, judge } from '../../lib/core/judge/judge';
import type { Measurement, Period } from '../../lib/core/judge/period';
import type { GuardrailPlan, JudgePlan } from '../../lib/core/judge/plan';
import { ratioInterval } from '../../lib/core/judge/ratio-interval';
import { judgeRollout } from '../../lib/core/rollout/judge-rollout';
import { randomOf } from '../../rehearsal/engine/random';
import { benchmark, type Run, yardstick } from '../benchmark';
import { liveTick } from './live-tick';
import { evidenceRule } from './simulation/rules';
import { DAY, minuteOf, steady } from './simulation/traces';

/** Speed of the judge on one core: many rollouts as a simulator runs them, and one tick as a controller does. */
void benchmark('judge', 1, (run) => {
  const line = lineOf(run);
  const days = Array.from({ length: 20 }, (_, i) => day(1000, i));

  line('2000 rollouts x 1440 periods x 1 metric, evidence only', 5000, () => {
    for (let i = 0; i < 2000; i++) {
      const rule = evidenceRule();
      days[i % days.length].forEach((counts) => rule.add(counts));
    }
  }, 1);

  const errors: GuardrailPlan = { name: 'errors', kind: 'counts', outcomes: [{ label: 'errors' }], allowed: { ratio: 1, tolerance: 0 } };
  const dayPeriods = days.map((counts) => counts.map((minute, index) => periodOf(index, minute, { errors: countsOf(minute) })));
  line('the same through the judge: split, certification and combination of every period', 5000, () => {
    for (let i = 0; i < 2000; i++) {
      const judges = new Judge(planOf([errors]));
      dayPeriods[i % days.length].forEach((period) => judges.add(period));
    }
  }, 1);

  const twenty = Array.from({ length: 20 }, (_, i): GuardrailPlan => ({ ...errors, name: `errors-${i}` }));
  const twentyPeriods = days[0].map((minute, index) => periodOf(index, minute,
    Object.fromEntries(twenty.map(({ name }, i) => [name, countsOf(days[i][index])]))));
  const standing = { step: 0, closedUntil: DAY * 60_000 };
  line(
    'one tick, 24 h of minutes at 1000 rps, 20 guardrails on counts, explanations included',
    100,
    () => judge(planOf(twenty), twentyPeriods, standing),
    5,
  );

  const mixed: GuardrailPlan[] = [
    ...twenty.slice(0, 16),
    {
      name: 'latency',
      kind: 'counts',
      outcomes: [{ label: 'p50', form: 'odds' }, { label: 'p90', form: 'odds' }, { label: 'p95' }, { label: 'p99' }],
    },
    { name: 'feedback', kind: 'counts', outcomes: [{ label: 'bad feedback', form: 'odds' }] },
    { name: 'score', kind: 'drift', label: 'score', bins: 10, action: 'hold' },
    { name: 'reward', kind: 'mean', label: 'reward', worse: 'lower', standardDeviation: 1, capped: true },
  ];
  const mixedPeriods = twentyPeriods.map((period, index) => ({
    ...period,
    measurements: { ...period.measurements, ...mixedMeasurements(days[0][index]) },
  }));
  line(
    'the same with latency at four thresholds, feedback, drift and a mean among the 20',
    100,
    () => judge(planOf(mixed), mixedPeriods, standing),
    5,
  );

  const tick = liveTick(days);
  line('one tick of the controller: the same from what CloudWatch has answered', 100, () => judgeRollout(...tick), 5);

  line('one ratio interval over 1440 periods', undefined, () => ratioInterval(days[0], 0.05), 50);
});

function day(rate: number, seed: number): Counts[] {
  const random = randomOf(seed);
  return Array.from({ length: DAY }, (_, minute) => minuteOf(steady(rate, 0.01), minute, random));
}

function planOf(guardrails: readonly GuardrailPlan[]): JudgePlan {
  return { start: 0, periodMs: 60_000, plannedPeriods: DAY, guardrails };
}

function periodOf(index: number, { candidateTotal, productionTotal }: Counts, measurements: Period['measurements']): Period {
  return {
    start: index * 60_000,
    step: 0,
    share: 0.05,
    requests: { candidate: candidateTotal, production: productionTotal },
    measurements,
  };
}

function countsOf({ candidateTotal, candidateBad, productionTotal, productionBad }: Counts): Measurement {
  return {
    kind: 'counts',
    candidate: { total: candidateTotal, bad: [candidateBad] },
    production: { total: productionTotal, bad: [productionBad] },
  };
}

function mixedMeasurements({ candidateTotal, productionTotal }: Counts): { [name: string]: Measurement } {
  const shares = (total: number, of: readonly number[]): number[] => of.map((share) => Math.round(total * share));
  const sums = (count: number): { count: number; sum: number; sumOfSquares: number; cappedSum: number } =>
    ({ count, sum: 5 * count, sumOfSquares: 26 * count, cappedSum: count / 2 });
  return {
    latency: {
      kind: 'counts',
      candidate: { total: candidateTotal, bad: shares(candidateTotal, [0.5, 0.1, 0.05, 0.01]) },
      production: { total: productionTotal, bad: shares(productionTotal, [0.5, 0.1, 0.05, 0.01]) },
    },
    feedback: {
      kind: 'counts',
      candidate: { total: candidateTotal, bad: shares(candidateTotal, [0.2]) },
      production: { total: productionTotal, bad: shares(productionTotal, [0.2]) },
    },
    score: {
      kind: 'drift',
      candidate: shares(candidateTotal, new Array<number>(10).fill(0.1)),
      production: shares(productionTotal, new Array<number>(10).fill(0.1)),
    },
    reward: { kind: 'mean', candidate: sums(candidateTotal), production: sums(productionTotal) },
  };
}

/** Best of some repetitions after one to warm up, and whether it keeps to its limit in milliseconds. */
function lineOf(run: Run): (name: string, limit: number | undefined, work: () => void, repetitions: number) => void {
  const fixed = yardstick();
  return (name, limit, work, repetitions) => {
    if (!run.wants(name)) {
      return;
    }
    if (repetitions > 1) {
      work();
    }
    let best = Infinity;
    for (let i = 0; i < repetitions; i++) {
      const before = process.cpuUsage();
      work();
      const { user, system } = process.cpuUsage(before);
      best = Math.min(best, (user + system) / 1_000);
    }
    const missed = limit !== undefined && best > limit;
    process.exitCode = missed ? 1 : process.exitCode;
    const mark = missed ? 'MISSED' : 'ok';
    const [shown, bound] = limit === undefined ? ['', ''] : [mark, `  (<= ${limit})`];
    console.log(`${shown.padEnd(6)} ${name.padEnd(88)} ${best.toFixed(1).padStart(8)} ms of CPU${bound}`);
    run.figure(name, 'CPU to a fixed piece of work', [best / fixed]);
  };
}
