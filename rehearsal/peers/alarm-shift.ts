import { AlarmWindow } from './alarm-window';
import { exceeds, type Limits, type Peer } from './peer';

/** A share of the candidate, and for how long. */
export interface ShiftStep {
  readonly percent: number;
  readonly minutes: number;
}

/** Minutes of which all must breach. */
const PERIODS = 3;

/**
 * A schedule that any alarm ends: CodeDeploy's, SageMaker's, or one by hand. Two alarms watch the candidate, on the rate of its failures
 * and on the 99 % quantile of its latency, three of three minutes each; after the last step nobody looks any more.
 */
export function alarmShift(name: string, about: string, steps: readonly ShiftStep[], limits: Limits): Peer {
  return {
    name,
    about,
    cloudWatch: true,
    start: () => {
      const alarms = { failures: new AlarmWindow(PERIODS, PERIODS), latency: new AlarmWindow(PERIODS, PERIODS) };
      return {
        at(minute, seen) {
          for (const each of seen) {
            const breach = exceeds(each, limits);
            const latency = exceeds(each, { ...limits, errorRate: Infinity });
            if (alarms.failures.add(breach === 'failures') || alarms.latency.add(latency === 'latency')) {
              return { percent: 0, verdict: 'rolled back', sentence: `the alarm on the candidate's ${breach ?? 'latency'} went off` };
            }
          }
          let end = 0;
          for (const step of steps) {
            end += step.minutes;
            if (minute < end) {
              return { percent: step.percent };
            }
          }
          return { percent: 100, verdict: 'promoted', sentence: 'no alarm went off' };
        },
      };
    },
  };
}

/**
 * CodeDeploy's time-based shifts for Lambda. Canary: a part, and after the interval the rest. Linear: equal parts at equal intervals, the
 * first at once. A deployment ends with its last shift, and alarms stop it until then.
 *
 * @see AWS CodeDeploy user guide, "Working with deployment configurations", predefined ones for AWS Lambda; "Monitoring deployments with
 * CloudWatch alarms"
 */
export const CODE_DEPLOY = {
  canary: (percent: number, minutes: number): readonly ShiftStep[] => [{ percent, minutes }],
  linear: (percent: number, minutes: number): readonly ShiftStep[] =>
    Array.from({ length: Math.ceil(100 / percent) - 1 }, (_, index) => ({ percent: percent * (index + 1), minutes })),
};

/**
 * SageMaker's deployment guardrails: a blue/green update whose traffic shifts in parts, each baked for the wait interval under the alarms,
 * the complete new fleet too. That the final bake lasts as long as the others is taken from the parameter's name; the guide gives it no
 * other.
 *
 * @see Amazon SageMaker developer guide, "Use canary traffic shifting", "Use linear traffic shifting"
 */
export const SAGE_MAKER = {
  canary: (percent: number, waitMinutes: number): readonly ShiftStep[] => [
    { percent, minutes: waitMinutes },
    { percent: 100, minutes: waitMinutes },
  ],
  linear: (percent: number, waitMinutes: number): readonly ShiftStep[] =>
    Array.from({ length: Math.ceil(100 / percent) }, (_, index) => ({
      percent: Math.min(100, percent * (index + 1)),
      minutes: waitMinutes,
    })),
};

/**
 * Amazon ECS's own canary: a part for the canary's bake time, then all of it, baked under the alarms too. That this bake is as long as the
 * canary's is taken on their behalf.
 *
 * @see Amazon ECS API reference, CanaryConfiguration: 5 % for 10 minutes by default; DeploymentConfiguration, bakeTimeInMinutes
 */
export const ECS = {
  canary: (percent: number, minutes: number): readonly ShiftStep[] => [{ percent, minutes }, { percent: 100, minutes }],
};
