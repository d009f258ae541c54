// One model behind a rollout that replays golden requests first, on an endpoint that hardly anybody calls; E2E_MODEL says which, see
// ModelSpec.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CfnOutput, Duration } from 'aws-cdk-lib/core';
import { rows } from '../../examples/digits/data';
import { CanaryRollout, Comparison, Guardrail, ModelEndpoint, Replay, TrafficShift, InconclusiveAction } from '../../lib';
import { digitsStack, spec, specified } from './digits-app';

const golden = join(mkdtempSync(join(tmpdir(), 'golden-')), 'digits.jsonl');
writeFileSync(golden, rows.slice(0, 240).map(({ pixels, label }) => JSON.stringify({ request: { pixels }, label })).join('\n'));

const stack = digitsStack();
const endpoint = new ModelEndpoint(stack, 'Digits', {
  endpointName: 'digits',
  model: specified(spec),
  timeout: Duration.seconds(28),
});
new CanaryRollout(stack, 'Rollout', {
  endpoint,
  // v1 and v2 agree on 84 % of the rows. A busy machine makes one version slow for a while.
  replay: Replay.goldenFile(golden, {
    labelPath: '$.label', comparison: Comparison.label('$.label'), minAgreementRate: 0.7, certifiedAgreementRate: 0.6, failureTolerance: 0.1, accuracyTolerance: 0.1, maxSlowdown: 3, requestsPerSecond: 20, warmUpRequests: 4,
  }),
  shift: TrafficShift.steps([50], { bakeTime: Duration.seconds(20) }),
  finalBakeTime: Duration.seconds(15),
  interval: Duration.seconds(5),
  // Steps of seconds have no minute to settle.
  settlingTime: Duration.seconds(0),
  lease: Duration.seconds(90),
  deadline: Duration.minutes(10),
  circuitBreaker: false,
  guardrails: [Guardrail.errorRate()],
  // Nobody could be certain of some requests, nor are they fifty: what was replayed is what counts.
  inconclusive: InconclusiveAction.HOLD,
});
new CfnOutput(stack, 'ApiId', { value: endpoint.api.restApiId });
