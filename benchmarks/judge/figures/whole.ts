import { Judge } from '../../../lib/core/judge/judge';
import type { Verdict } from '../../../lib/core/judge/judgement';
import type { JudgePlan } from '../../../lib/core/judge/plan';
import type { Figure } from './figure';
import { type Random, randomOf } from '../../../rehearsal/engine/random';
import { mostCompatible } from '../simulation/statistics';
import { minuteOf, steady } from '../simulation/traces';

/** One step of an hour under everything at its default: errors and latency, judged every minute as a controller would. */
const HOUR = 60;
const PLAN: JudgePlan = {
  start: 0,
  periodMs: 60_000,
  plannedPeriods: HOUR,
  guardrails: [
    { name: 'errors', kind: 'counts', outcomes: [{ label: 'errors' }] },
    {
      name: 'latency', kind: 'counts',
      outcomes: [{ label: 'p50', form: 'odds' }, { label: 'p90', form: 'odds' }, { label: 'p95' }, { label: 'p99' }],
    },
  ],
};

/** Chances to exceed production's own p50, p90, p95 and p99. */
const HEALTHY = [0.5, 0.1, 0.05, 0.01];

interface Ending {
  readonly verdict: Verdict;
  readonly minute: number;
}

/** The first verdict other than hold, or hold after an hour. */
function step(rate: number, candidate: number, slow: readonly number[], random: Random): Ending {
  const judges = new Judge(PLAN);
  const scenario = steady(rate, candidate);
  for (let minute = 0; minute < HOUR; minute++) {
    const counts = minuteOf(scenario, minute, random);
    judges.add({
      start: minute * PLAN.periodMs, step: 0, share: 0.05,
      requests: { candidate: counts.candidateTotal, production: counts.productionTotal },
      measurements: {
        errors: {
          kind: 'counts',
          candidate: { total: counts.candidateTotal, bad: [counts.candidateBad] },
          production: { total: counts.productionTotal, bad: [counts.productionBad] },
        },
        latency: {
          kind: 'counts',
          candidate: { total: counts.candidateTotal, bad: slower(counts.candidateTotal, slow, random) },
          production: { total: counts.productionTotal, bad: slower(counts.productionTotal, HEALTHY, random) },
        },
      },
    });
    const { verdict } = judges.judgement({ step: 0, closedUntil: (minute + 1) * PLAN.periodMs });
    if (verdict !== 'hold') {
      return { verdict, minute: minute + 1 };
    }
  }
  return { verdict: 'hold', minute: HOUR };
}

function slower(total: number, exceedance: readonly number[], random: Random): number[] {
  let left = total;
  return exceedance.map((chance, i) => (left = random.binomial(left, i === 0 ? chance : chance / exceedance[i - 1])));
}

/** A line whose demand is a limit on how often a verdict that would be wrong comes first. */
const figure = (
  name: string,
  [wrong, most]: readonly [Verdict, number],
  rate: number,
  candidate: number,
  slow: readonly number[],
): Figure => ({
  section: 'one step of an hour at the defaults, errors and latency, first verdict',
  name: `${name}, ${rate} rps`,
  demanded: `${wrong} <= ${most}`,
  runs: 300,
  measure: (runs) => {
    const endings = Array.from({ length: runs }, (_, i) => step(rate, candidate, slow, randomOf(95_000_000 + i)));
    const verdicts = (['advance-permitted', 'hold', 'roll back', 'invalid'] as const).map((verdict) => {
      const minutes = endings
        .filter((ending) => ending.verdict === verdict)
        .map(({ minute }) => minute)
        .sort((a, b) => a - b);
      return minutes.length === 0
        ? undefined
        : `${verdict} ${((100 * minutes.length) / runs).toFixed(1)} % (median ${minutes[minutes.length >> 1]} min)`;
    });
    const count = endings.filter(({ verdict }) => verdict === wrong).length;
    return { text: verdicts.filter((text) => text !== undefined).join(', '), met: count <= mostCompatible(runs, most) };
  },
});

export const wholeFigures: readonly Figure[] = [10, 100, 1000].flatMap((rate) => [
  figure('healthy', ['roll back', 0.01], rate, 0.01, HEALTHY),
  figure('errors 1 -> 3 %', ['advance-permitted', 0.05], rate, 0.03, HEALTHY),
  figure('2 % of the requests slower than p99', ['advance-permitted', 0.05], rate, 0.01, [0.51, 0.118, 0.069, 0.0298]),
]);
