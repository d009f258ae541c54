// Endpoints of chat models whose conversations stay with their version, and which say their name. E2E_NAMES names the variants of one that
// has several; without it there is a rollout of the model that E2E_MODEL says, of which the cohort gets the candidate first.
import { Alarm, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { CfnOutput, Duration } from 'aws-cdk-lib/core';
import { Assignment, CanaryRollout, Cohort, Guardrail, InsufficientData, Model, ModelEndpoint, TrafficShift } from '../../lib';
import { digitsStack, spec } from './digits-app';

const saying = (name: string): Model =>
  Model.lambdaFunction({
    code: lambda.Code.fromInline(`exports.handler = async () => ({ name: '${name}' });`),
    handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X,
  });
const names = process.env.E2E_NAMES?.split(',');
const stack = digitsStack(names && 'Chat');
const endpoint = names === undefined
  ? new ModelEndpoint(stack, 'Talk', {
      model: saying(spec.artifact),
      assignment: Assignment.cohort({ members: [Cohort.header('x-canary', 'yes')], others: Assignment.session() }),
    })
  : new ModelEndpoint(stack, 'Chat', {
      assignment: Assignment.session(),
      variants: names.map((name) => ({ name, model: saying(name) })),
    });
if (names === undefined) {
  const period = Duration.seconds(10);
  const metric = endpoint.metrics.failures({ variant: 'candidate', options: { period } });
  const failures = new Alarm(stack, 'CandidateFails', {
    metric, threshold: 2, evaluationPeriods: 1, treatMissingData: TreatMissingData.NOT_BREACHING,
  });
  new CanaryRollout(stack, 'Rollout', {
    endpoint,
    cohort: { bakeTime: Duration.seconds(10), minRequests: 5 },
    // Until a person ends it.
    shift: TrafficShift.steps([50], { bakeTime: Duration.minutes(4) }),
    finalBakeTime: Duration.seconds(15),
    interval: Duration.seconds(5),
    // Steps of seconds have no minute to settle.
    settlingTime: Duration.seconds(0),
    lease: Duration.seconds(90),
    minRequests: 10,
    deadline: Duration.minutes(10),
    circuitBreaker: false,
    // The emulator refuses alarms on metric math, which the built-in guardrails are.
    guardrails: [Guardrail.alarm(failures, { insufficientData: InsufficientData.OK })],
  });
}
new CfnOutput(stack, 'ApiId', { value: endpoint.api.restApiId });
