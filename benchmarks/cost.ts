/**
 * What each option does to the bill of a month: one endpoint with a canary, synthesized with and without it, computed as by
 * `model-rollout cost`. Prints the table of docs/guides/costs.md.
 *
 *   npx tsx benchmarks/cost.ts
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { App, Stack } from 'aws-cdk-lib/core';
import { stacksWithEndpoints } from '../bin/cli/assembly';
import { monthlyCost } from '../bin/cli/cost/monthly-cost';
import { pricedOf } from '../bin/cli/cost/priced';
import { rolloutDollars } from '../bin/cli/cost/rollout-dollars';
import {
  CanaryRollout, FeedbackOutcome, InferenceFeedback, InferenceLog, type InferenceLogProps, Model, ModelEndpoint, type ModelEndpointProps,
  ShadowMirror,
} from '../lib';
import { PRICES } from '../lib/core/prices';

const TRAFFIC = { requestsPerSecond: 10, modelMs: 100, requestKb: 2, responseKb: 2, rolloutsPerMonth: 4 };

interface Options {
  readonly endpoint?: Partial<ModelEndpointProps>;
  readonly dashboard?: boolean;
  readonly mirrored?: number;
  readonly log?: Partial<InferenceLogProps>;
  readonly labels?: number;
}

function model(text: string): Model {
  return Model.lambdaFunction({
    code: lambda.Code.fromInline(`exports.handler = async () => ${JSON.stringify(text)};`),
    handler: 'index.handler',
    runtime: lambda.Runtime.NODEJS_24_X,
  });
}

async function dollars({ endpoint: props, dashboard, mirrored, log, labels }: Options): Promise<number> {
  const app = new App({ outdir: mkdtempSync(join(tmpdir(), 'cost-')) });
  const stack = new Stack(app, 'Shop');
  const endpoint = new ModelEndpoint(stack, 'Fraud', { model: model('v1'), ...props });
  new CanaryRollout(stack, 'Rollout', { endpoint, dashboard });
  if (mirrored !== undefined) {
    new ShadowMirror(stack, 'Mirror', { endpoint, model: model('v2'), sampleRate: mirrored });
  }
  if (log !== undefined) {
    new InferenceLog(stack, 'Log', { endpoint, ...log });
  }
  if (labels !== undefined) {
    new InferenceFeedback(stack, 'Labels', { endpoint, outcome: FeedbackOutcome.label('$.label'), sampleRate: labels });
  }
  const [assembled] = stacksWithEndpoints(app.synth().directory);
  const rollouts = await rolloutDollars(assembled, TRAFFIC, PRICES);
  return monthlyCost({ ...pricedOf(assembled.templates), rollouts }, TRAFFIC, PRICES).total;
}

const BODIES = { logRequests: true, logResponses: true };
const ROWS: readonly (readonly [option: string, Options])[] = [
  ['an endpoint with a canary, as it is', {}],
  ['`routerMemorySize: 512`', { endpoint: { routerMemorySize: 512 } }],
  ['`routerMemorySize: 256`', { endpoint: { routerMemorySize: 256 } }],
  ['`dashboard: false` of the rollout', { dashboard: false }],
  ['`responseStreaming: true`', { endpoint: { responseStreaming: true } }],
  ['a `ShadowMirror` of 10 % of the requests', { mirrored: 0.1 }],
  ['of 5 %', { mirrored: 0.05 }],
  ['of all', { mirrored: 1 }],
  ['an `InferenceLog` of 10 %', { log: {} }],
  ['of all', { log: { sampleRate: 1 } }],
  ['of all, with bodies of 2 kB each', { log: { sampleRate: 1, ...BODIES } }],
  ['`InferenceFeedback` on all', { labels: 1 }],
  ['on 10 %', { labels: 0.1 }],
];

async function main(): Promise<void> {
  const usual = await dollars({});
  console.log('| | USD a month | difference |\n| --- | --- | --- |');
  for (const [option, options] of ROWS) {
    const total = await dollars(options);
    const sign = total > usual ? '+' : '';
    console.log(`| ${option} | ${total.toFixed(2)} | ${total === usual ? '' : sign + (total - usual).toFixed(2)} |`);
  }
}

void main();
