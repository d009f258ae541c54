import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import { PRICES } from '../../../lib/core/prices';
import { Guardrail, Segment, TrafficShift } from '../../../lib/index';
import { capacityOf } from '../../../rehearsal/assembly/capacity';
import { rolloutCost } from '../../../rehearsal/results/cost';
import { rehearse } from '../../../rehearsal/engine/rehearse';
import type { Run } from '../../../rehearsal/engine/run';
import { USUAL } from '../../../lib/core/rehearsal/built-in';
import type { Scenario } from '../../../lib/core/rehearsal/scenario';
import { inline } from '../../fixtures/stacks';
import { foundRollout } from '../../fixtures/found-rollouts';

const run = (overrides: Partial<Run>): Run => ({
  verdict: 'promoted', sentence: '', gist: '', seconds: 3_600, candidateRequests: 0, candidateFailures: 0, excessFailures: 0, excessWrong: 0, answered: true, shares: [],
  usage: { transitions: 0, invocations: 0, metricsRead: 0, tableReads: 0, tableWrites: 0 }, ...overrides,
});

test('a rollout costs what it uses, at the stated prices', () => {
  const idle = rolloutCost([run({})], USUAL, undefined);
  expect(idle).toEqual({ rollout: expect.closeTo((22 * 0.3) / 730, 9) });
  const used = rolloutCost(
    [run({ usage: { transitions: 1_000, invocations: 0, metricsRead: 1_000, tableReads: 1e6, tableWrites: 1e6 } })],
    USUAL,
    undefined,
  );
  expect(used.rollout - idle.rollout).toBeCloseTo(0.025 + 0.01 + 0.125 + 0.625, 9);
});

test('the candidate costs its instances for as long as it runs, or its function for what it answers', () => {
  expect(rolloutCost([run({ seconds: 1_800 }), run({ seconds: 5_400 })], USUAL, { kind: 'instances', type: 'ml.m5.xlarge', count: 2 }).candidate).toBeCloseTo(2 * 0.23, 9);
  expect(rolloutCost([run({})], USUAL, { kind: 'instances', type: 'ml.unheard.of', count: 2 })).not.toHaveProperty('candidate');
  const latency = { medianMs: 100, p99Ms: 100 };
  const { candidate } = rolloutCost([run({ candidateRequests: 1e6 })], { ...USUAL, candidate: { ...USUAL.candidate, latency } }, { kind: 'gb-seconds', memoryMb: 1_024, arm: false });
  expect(candidate).toBeCloseTo(0.2 + 1e5 * PRICES.lambdaX86GbSecond, 6);
});

test('longer rollouts use more, and what serves the candidate is found in the template', async () => {
  const shift = (minutes: number): TrafficShift => TrafficShift.steps([10], { bakeTime: Duration.minutes(minutes) });
  const [short, long] = [foundRollout({ shift: shift(10) }), foundRollout({ shift: shift(60) })];
  const [brief, lengthy] = [await rehearse(short, USUAL, { seed: 2 }), await rehearse(long, USUAL, { seed: 2 })];
  expect(lengthy.usage!.transitions).toBeGreaterThan(2 * brief.usage!.transitions);
  expect(lengthy.usage!.metricsRead).toBeGreaterThan(2 * brief.usage!.metricsRead);
  expect(brief.usage).toMatchObject({ tableReads: expect.any(Number), tableWrites: expect.any(Number) });
  expect(short.capacity).toEqual({ kind: 'gb-seconds', memoryMb: 1_024, arm: false });
  expect(foundRollout({ candidate: inline('v2', { memorySize: 2_048, architecture: lambda.Architecture.ARM_64 }) }).capacity).toEqual({ kind: 'gb-seconds', memoryMb: 2_048, arm: true });
});

test('what routers count by segments is in it: half a cent an hour at 100 requests a second', async () => {
  const busy: Scenario = { ...USUAL, traffic: { ...USUAL.traffic, requestsPerSecond: 100 } };
  const costs = async (...guardrails: Guardrail[]): Promise<number> => {
    const run = await rehearse(foundRollout({ guardrails }), busy, { seed: 1 });
    return rolloutCost([run], busy, undefined).rollout / (run.seconds / 3_600);
  };
  const counting = (await costs(Guardrail.errorRate({ by: Segment.header('x-tenant') }))) - (await costs(Guardrail.errorRate()));
  expect(counting).toBeGreaterThan(0.003);
  expect(counting).toBeLessThan(0.008);
});

test('instances of a SageMaker endpoint, versions of a function, and what is defined elsewhere', () => {
  const resources: Parameters<typeof capacityOf>[1] = [
    ['Config', { Type: 'AWS::SageMaker::EndpointConfig', Properties: { ProductionVariants: [{ InstanceType: 'ml.g5.xlarge', InitialInstanceCount: 3 }] } }],
    ['Endpoint', { Type: 'AWS::SageMaker::Endpoint', Properties: { EndpointName: 'fraud-1', EndpointConfigName: { 'Fn::GetAtt': ['Config', 'EndpointConfigName'] } } }],
    ['Fn', { Type: 'AWS::Lambda::Function', Properties: { MemorySize: 512 } }],
    ['Version', { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Fn' } } }],
  ];
  const sageMaker = (endpointName: string): unknown => capacityOf({ kind: 'sagemaker', endpointName, maxRequestBytes: 1 }, resources);
  const fn = (functionArn: string): unknown => capacityOf({ kind: 'lambda', functionArn, contract: 'json', maxRequestBytes: 1 }, resources);
  expect([sageMaker('fraud-1'), sageMaker('<Endpoint.EndpointName>')]).toEqual(Array(2).fill({ kind: 'instances', type: 'ml.g5.xlarge', count: 3 }));
  expect(fn('<Version>')).toEqual({ kind: 'gb-seconds', memoryMb: 512, arm: false });
  expect([sageMaker('elsewhere'), fn('arn:aws:lambda:eu-west-1:111111111111:function:elsewhere')]).toEqual([undefined, undefined]);
});
