import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { App, Duration, Stack } from 'aws-cdk-lib/core';
import Table from 'cli-table3';
import { CanaryRollout, Guardrail, Model, ModelEndpoint, TrafficShift } from '../../lib';
import { rolloutsOf } from '../../rehearsal/assembly/find-rollouts';
import type { FoundRollout } from '../../rehearsal/assembly/found-rollout';
import { USUAL } from '../../rehearsal/scenario/built-in';
import { Rehearsers } from '../../rehearsal/workers';
import { plain } from '../report';

/**
 * How long rehearsals take: rollouts with one-minute ticks and three guardrails, one of them an alarm that looks every ten seconds,
 * healthy to the end, on two threads of the bundled command. Time should grow linearly in runs and in periods.
 */
async function main(): Promise<void> {
  const table = new Table({ head: ['hours of rollout', 'rehearsals', 'seconds', 'ms each', 'µs per period', 'memory, MB', 'aim'], ...plain });
  for (const [hours, runs] of [[6, 250], [12, 250], [24, 125], [24, 250], [24, 1_000]]) {
    const rollout = ofHours(hours);
    const rehearsers = new Rehearsers(join(process.cwd(), 'assets', 'cli', 'index.mjs'), 2);
    const started = performance.now();
    const results = await rehearsers.rehearse(rollout, { ...USUAL, traffic: { ...USUAL.traffic, requestsPerSecond: 50 } }, runs, 1, () => {});
    const seconds = (performance.now() - started) / 1_000;
    await rehearsers.end();
    const promoted = results.filter(({ verdict }) => verdict === 'promoted').length;
    if (promoted !== runs) {
      throw new Error(`${runs - promoted} of ${runs} rollouts ended early, so that this measures nothing`);
    }
    const memory = process.resourceUsage().maxRSS / 1_024;
    const aimed = hours === 24 && runs === 1_000;
    process.exitCode = aimed && (seconds > 60 || memory > 500) ? 1 : process.exitCode;
    table.push([
      hours, runs, seconds.toFixed(1), ((1_000 * seconds) / runs).toFixed(1), ((1e6 * seconds) / (runs * hours * 60)).toFixed(1), memory.toFixed(0),
      aimed ? `60 s, 500 MB: ${process.exitCode === 1 ? 'MISSED' : 'met'}` : '',
    ]);
  }
  console.log(table.toString());
}

function ofHours(hours: number): FoundRollout {
  const stack = new Stack(new App(), 'Speed');
  const model = Model.lambda({ code: lambda.Code.fromInline('exports.handler = async () => ({})'), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X });
  const candidate = Model.lambda({ code: lambda.Code.fromInline('exports.handler = async () => ({ v: 2 })'), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X });
  new CanaryRollout(stack, 'Rollout', {
    endpoint: new ModelEndpoint(stack, 'Endpoint', { model, endpointName: 'speed' }),
    candidate,
    shift: TrafficShift.custom([5, 10, 25, 50].map((percent) => ({ percent, bakeTime: Duration.minutes(hours * 12) }))),
    finalBakeTime: Duration.minutes(hours * 12),
    guardrails: [Guardrail.errorRateAbove(20), Guardrail.latencyAbove(Duration.seconds(2))],
  });
  return rolloutsOf('Speed', Template.fromStack(stack).toJSON())[0];
}

void main();
