import { logGamma } from '../../../lib/core/judge/special-functions';
import type { AlarmDefinition } from '../../../rehearsal/assembly/alarm-definition';
import { rehearse } from '../../../rehearsal/engine/rehearse';
import { USUAL } from '../../../lib/core/rehearsal/built-in';
import type { Scenario } from '../../../lib/core/rehearsal/scenario';
import { foundRollout, withPlan } from '../../fixtures/found-rollouts';

const MINUTES = 30;
const RUNS = 3_000;

const alarm: AlarmDefinition = {
  name: 'errors', periodSeconds: 60, evaluationPeriods: 3, datapointsToAlarm: 2, threshold: 8, comparison: 'GreaterThanThreshold', missing: 'notBreaching',
  metrics: { requests: { side: 'candidate', metric: 'Invocations', statistic: 'Sum' }, failures: { side: 'candidate', metric: 'Failures', statistic: 'Sum' } },
  expressions: { rate: 'IF(requests >= 10, 100 * failures / requests, 0)' },
  watched: 'rate',
};

/** A minute with `mean` requests on average that breaches. */
function breach(mean: number, errorRate: number): number {
  let sum = 0;
  for (let n = 10; n < mean + 12 * Math.sqrt(mean) + 20; n++) {
    const requests = mean === 0 ? 0 : Math.exp(n * Math.log(mean) - mean - logGamma(n + 1));
    for (let k = 0; k <= n; k++) {
      if ((100 * k) / n > 8) {
        sum +=
          requests *
          Math.exp(logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) + k * Math.log(errorRate) + (n - k) * Math.log1p(-errorRate));
      }
    }
  }
  return sum;
}

/** Chance that two of three consecutive minutes have breached by each minute, the first having fewer requests; by states of two minutes. */
function detectedBy(first: number, later: number): number[] {
  let quiet: { [state: string]: number } = { '00': 1 };
  const detected: number[] = [];
  for (let minute = 0; minute < MINUTES; minute++) {
    const p = minute === 0 ? first : later;
    const next: { [state: string]: number } = {};
    for (const [state, chance] of Object.entries(quiet)) {
      for (const [point, probability] of [['0', 1 - p], ['1', p]] as const) {
        if ([...state, point].filter((each) => each === '1').length < 2) {
          next[state[1] + point] = (next[state[1] + point] ?? 0) + chance * probability;
        }
      }
    }
    quiet = next;
    detected.push(1 - Object.values(quiet).reduce((sum, chance) => sum + chance, 0));
  }
  return detected;
}

/** A rollout begins anywhere in a minute, and routers follow two seconds later. */
function expected(requestsPerSecond: number, errorRate: number): number[] {
  const later = breach(30 * requestsPerSecond, errorRate);
  const curves = Array.from({ length: 60 }, (_, second) =>
    detectedBy(breach(0.5 * requestsPerSecond * Math.max(0, 57.5 - second), errorRate), later));
  return curves[0].map((_, minute) => curves.reduce((sum, curve) => sum + curve[minute], 0) / curves.length);
}

test.each([[0.02, 1], [0.05, 1], [0.05, 4], [0.08, 2]])('with an error rate of %d at %d requests a second, detection is as computed exactly', async (errorRate, requestsPerSecond) => {
  const rollout = withPlan(foundRollout(), {
    stages: [{ percent: 50, bakeSeconds: MINUTES * 60, approval: false }],
    guardrails: [{ name: 'errors', action: 'rollback', kind: 'alarm', alarmName: 'errors', insufficientData: 'ok' }],
  }, [alarm]);
  const scenario: Scenario = {
    ...USUAL, metricDelaySeconds: 0, alarmEventSeconds: 0, traffic: { ...USUAL.traffic, requestsPerSecond },
    production: { ...USUAL.production, errorRate: 0 }, candidate: { ...USUAL.candidate, errorRate },
  };
  const exact = expected(requestsPerSecond, errorRate);
  const times: number[] = [];
  for (let seed = 0; seed < RUNS; seed++) {
    const { verdict, detectionSeconds } = await rehearse(rollout, scenario, { seed });
    expect(verdict).toBe(detectionSeconds === undefined ? 'promoted' : 'rolled back');
    times.push(detectionSeconds ?? Infinity);
  }
  for (const minute of [3, 10, MINUTES]) {
    // The alarm of the k-th minute goes off within k minutes of the start.
    const seen = times.filter((seconds) => seconds <= 60 * minute).length / RUNS;
    const p = minute === MINUTES ? exact[MINUTES - 1] : exact[minute - 1];
    expect(Math.abs(seen - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / RUNS) + 0.002);
  }
});
