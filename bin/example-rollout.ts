// The digits behind a rollout. Deploy it, then deploy it with another model: `-c artifact=v2`, or one broken on purpose: `-c
// defect=failing`.
import { App, Duration } from 'aws-cdk-lib/core';
import { DigitsRolloutStack } from '../examples/digits/rollout-stack';
import { digitsModel } from '../examples/digits/stack';

const app = new App();
const quick = app.node.tryGetContext('pace') === 'seconds';

new DigitsRolloutStack(app, 'DigitsRollout', {
  env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION },
  model: digitsModel(app.node.tryGetContext('artifact') ?? 'v2', app.node.tryGetContext('defect')),
  // For the emulator, which has no alarms on metric math, and for people who watch it.
  ...(quick
    ? { bakeTime: Duration.seconds(15), settlingTime: Duration.seconds(0), interval: Duration.seconds(5), circuitBreaker: false }
    : {}),
});
