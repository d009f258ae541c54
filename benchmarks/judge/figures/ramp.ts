import { DEFAULTS } from '../../../lib/core/judge/plan';
import type { Bound } from '../../../lib/core/judge/rate';
import type { Figure } from './figure';
import { randomOf } from '../../../rehearsal/engine/random';
import { evidenceRule } from '../simulation/rules';
import { minuteOf, type Scenario } from '../simulation/traces';

/** 1, 5, 10, 25, 50, 95 % for ten minutes each at 100 requests a second, judged a minute late. */
const STEPS = [0.01, 0.05, 0.1, 0.25, 0.5, 0.95];
const STEP_MINUTES = 10;
const RAMP_MINUTES = STEPS.length * STEP_MINUTES;
const SIX_HOURS = 360;
/** What the reference's table of policies was simulated with. */
const REFERENCE: Bound = { ratio: 1.1, tolerance: 0 };

interface Rollout {
  /** Bad responses beyond what production would have given. */
  readonly excess: number;
  /** Minute at which the candidate had all the traffic; undefined when it was rolled back. */
  readonly full?: number;
}

function rollout(candidate: (minute: number) => number, seed: number, bound: Bound): Rollout {
  const scenario: Scenario = {
    rate: () => 100, share: (minute) => STEPS[Math.floor(minute / STEP_MINUTES)] ?? 1, production: () => 0.01, candidate,
  };
  const random = randomOf(seed);
  const rule = evidenceRule({ bound, horizon: RAMP_MINUTES });
  let excess = 0;
  let crossed = false;
  for (let minute = 0; minute < SIX_HOURS; minute++) {
    const requests = 6000 * scenario.share(minute);
    excess += requests * (candidate(minute) - 0.01);
    if (crossed) {
      return { excess };
    }
    crossed = minute < RAMP_MINUTES && rule.add(minuteOf(scenario, minute, random));
  }
  return { excess, full: RAMP_MINUTES };
}

const excessFigure = (name: string, most: number, candidate: (minute: number) => number, bound = REFERENCE): Figure => ({
  section: 'ramp 1,5,10,25,50,95 % x 10 min at 100 rps',
  name,
  demanded: Number.isFinite(most) ? `<= ${most} excess errors` : '(informs)',
  runs: 2000,
  measure: (runs) => {
    let [excess, shipped] = [0, 0];
    for (let i = 0; i < runs; i++) {
      const result = rollout(candidate, 81_000_000 + i, bound);
      excess += result.excess / runs;
      shipped += result.full === undefined ? 0 : 1;
    }
    return { text: `${excess.toFixed(0)} (${shipped} of ${runs} shipped)`, ...(Number.isFinite(most) ? { met: excess <= most } : {}) };
  },
});

const healthy: Figure = {
  section: 'ramp 1,5,10,25,50,95 % x 10 min at 100 rps',
  name: 'healthy: minutes to full, false rollbacks',
  demanded: '60 +- 1 min, <= .005',
  runs: 5000,
  measure: (runs) => {
    const results = Array.from({ length: runs }, (_, i) => rollout(() => 0.01, 82_000_000 + i, REFERENCE));
    const full = results.flatMap((result) => result.full ?? []);
    const rolledBack = 1 - full.length / runs;
    const minutes = full.reduce((sum, value) => sum + value, 0) / full.length;
    return { text: `${minutes.toFixed(0)} min, ${rolledBack.toFixed(4)}`, met: Math.abs(minutes - 60) <= 1 && rolledBack <= 0.005 };
  },
};

export const rampFigures: readonly Figure[] = [
  healthy,
  excessFigure('1 -> 1.5 %', 100, () => 0.015),
  excessFigure('1 -> 3 %', 25, () => 0.03),
  excessFigure('total failure', 140, () => 1),
  excessFigure('1 -> 3 % from minute 30 (reference 85)', Infinity, (minute) => (minute < 30 ? 0.01 : 0.03)),
  excessFigure('1 -> 1.5 %, default tolerance .0005 on top', Infinity, () => 0.015, DEFAULTS.allowed),
  excessFigure('1 -> 3 %, default tolerance .0005 on top', Infinity, () => 0.03, DEFAULTS.allowed),
];
