import { Duration } from 'aws-cdk-lib/core';
import { Guardrail, TrafficShift } from '../../../lib/index';
import { curveRates, detectionCurve } from '../../../rehearsal/report/detection-curve';
import { USUAL } from '../../../lib/core/rehearsal/built-in';
import { Rehearsers } from '../../../rehearsal/session/workers';
import { foundRollout } from '../../fixtures/found-rollouts';

const usual = { ...USUAL, traffic: { ...USUAL.traffic, requestsPerSecond: 20 } };
const shift = TrafficShift.steps([20], { bakeTime: Duration.minutes(5) });

test.each([
  ['an alarm', foundRollout({ shift, finalBakeTime: Duration.minutes(5), guardrails: [Guardrail.errorPercentAbove(2)] })],
  ['an alarm that hardly sees anything', foundRollout({ shift, finalBakeTime: Duration.minutes(5), guardrails: [Guardrail.errorPercentAbove(4)] })],
  ['evidence', foundRollout({ shift, finalBakeTime: Duration.minutes(5), guardrails: [Guardrail.errorRate()] })],
])('no plan beats the limit, beyond what chance explains: %s', async (_, rollout) => {
  const rehearsers = new Rehearsers(undefined, 0);
  const curve = await detectionCurve(usual, (scenario) => rehearsers.rehearse(rollout, scenario, { runs: 30, firstSeed: 11 }, () => {}));
  expect(curve.map(({ errorRate }) => errorRate)).toEqual(curveRates(usual));
  for (const { kept, limit } of curve) {
    expect(kept.low).toBeLessThanOrEqual(limit);
  }
  expect(curve[0].limit).toBe(curve[0].kept.high);
  expect(curve.at(-1)!.limit).toBe(1);
});
