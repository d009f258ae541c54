import type { Counts } from '../../../lib/core/judge/counts';
import { type Random, randomOf } from '../../../rehearsal/engine/random';
import type { Rule } from './rules';
import type { Outcomes } from './statistics';
import { minuteOf, type Scenario } from './traces';

/** How a rule is put to the test. */
export interface Trial {
  readonly scenario: Scenario;
  readonly rule: () => Rule;
  readonly runs: number;
  readonly seed: number;
  /** Minutes after which a rollout ends. */
  readonly horizon: number;
  /** Minute at which the regression begins. Acting before it ends the run as a false alarm, which is left out of the times. */
  readonly onset?: number;
}

/** Run a rule over many simulated rollouts, each until it acts. Rules given the same seed see the same traffic. */
export function run({ scenario, rule, runs, seed, horizon, onset = 0 }: Trial): Outcomes {
  const minutes: number[] = [];
  const errors: number[] = [];
  for (let i = 0; i < runs; i++) {
    const random = randomOf(seed * 1_000_003 + i);
    const { minute, bad } = until(rule(), (t) => minuteOf(scenario, t, random), horizon);
    if (minute > onset) {
      minutes.push(minute - onset);
      errors.push(bad);
    }
  }
  return { minutes: Float64Array.from(minutes).sort(), errors: Float64Array.from(errors) };
}

function until(rule: Rule, counts: (minute: number) => Counts, horizon: number): { minute: number; bad: number } {
  let bad = 0;
  for (let minute = 0; minute < horizon; minute++) {
    const period = counts(minute);
    bad += period.candidateBad;
    if (rule.add(period)) {
      return { minute: minute + 1, bad };
    }
  }
  return { minute: Infinity, bad };
}

/** As {@link run}, for evidence that is not made from counts of bad outcomes: `step` simulates a minute and says whether it acts. */
export function runSteps(
  runs: number, seed: number, horizon: number, start: (random: Random) => (minute: number) => boolean,
): Outcomes {
  const minutes = new Float64Array(runs).fill(Infinity);
  for (let i = 0; i < runs; i++) {
    const step = start(randomOf(seed * 1_000_003 + i));
    for (let minute = 0; minute < horizon; minute++) {
      if (step(minute)) {
        minutes[i] = minute + 1;
        break;
      }
    }
  }
  return { minutes: minutes.sort(), errors: new Float64Array(0) };
}
