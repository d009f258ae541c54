import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Template } from 'aws-cdk-lib/assertions';
import { Duration, type Stack } from 'aws-cdk-lib/core';
import {
  BlueGreenRollout,
  CanaryRollout,
  type CanaryRolloutProps,
  Comparison,
  Guardrail,
  InferenceLog,
  InferenceLogFormat,
  type InferenceLogProps,
  type LoggedReplayOptions,
  Replay,
  type ReplayOptions,
  InconclusiveAction,
} from '../../lib';
import { golden } from '../lambda/controller/replay/models';
import { flat, inline, newEndpoint, newStack, planOf, statementsOf, warnings } from '../fixtures/stacks';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'golden-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string, name = 'golden.jsonl'): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const labelled = (count: number): string => golden(count, (row) => ({ request: { row }, label: row % 3 }));

function replayed(
  replay: Replay | ((stack: Stack) => Replay),
  props: Partial<CanaryRolloutProps> = {},
): { stack: Stack; template: () => Template } {
  const stack = newStack();
  const endpoint = newEndpoint(stack);
  new CanaryRollout(stack, 'Rollout', { endpoint, replay: replay instanceof Replay ? replay : replay(stack), ...props });
  return { stack, template: () => Template.fromStack(stack) };
}

const ofFile = (options: ReplayOptions = {}, content = golden(400)): Replay => Replay.goldenFile(file(content), options);

test('a file of the app is an asset that the controller may read, and nothing else of the bucket', () => {
  const { template, stack } = replayed(ofFile({ minAgreementRate: 0.95, comparison: Comparison.label('$.label') }));
  const { replay, judgement, deadlineSeconds } = planOf(template());
  expect(replay).toEqual({
    source: { kind: 'object', bucket: expect.stringMatching(/^cdk-hnb659fds-assets/), key: expect.stringMatching(/^[0-9a-f]{64}\.jsonl$/) },
    requests: 400, requestsPerSecond: 5, concurrency: 2, warmUpRequests: 10, comparison: { kind: 'label', path: '$.label' }, agreement: { bound: 0.05, margin: 0.1 },
    failureTolerance: 0.02, accuracyTolerance: 0.05, slowdown: 1.5, seconds: 126, alpha: 0.005, uncertified: 'advance',
  });
  // Both together roll a healthy candidate back as seldom as promised.
  expect(judgement!.alpha).toBe(0.005);
  expect(deadlineSeconds).toBeGreaterThan(planOf(replayed(ofFile(), { replay: undefined }).template()).deadlineSeconds);
  const read = statementsOf(template(), 'ModelRolloutController').filter(({ Action: action }) => action === 's3:GetObject');
  expect(read.map(({ Resource: resource }) => flat(resource))).toEqual([`arn:<AWS::Partition>:s3:::${(replay!.source as { bucket: string }).bucket}/${(replay!.source as { key: string }).key}`]);
  expect(warnings(stack).filter((warning) => warning.includes('replay'))).toEqual([]);
});

test('an object of a bucket with a key is read and decrypted, through S3 alone', () => {
  const { template } = replayed((stack) => Replay.goldenObject(new s3.Bucket(stack, 'Golden', { encryptionKey: new kms.Key(stack, 'Key') }), 'golden/fraud.jsonl', { minAgreementRate: 0.9 }));
  expect(planOf(template()).replay!.source).toEqual({ kind: 'object', bucket: expect.stringMatching(/^<Golden/), key: 'golden/fraud.jsonl' });
  const statements = statementsOf(template(), 'ModelRolloutController');
  expect(statements.filter(({ Action: action }) => action === 's3:GetObject').map(({ Resource: resource }) => flat(resource))).toEqual([expect.stringMatching(/^<Golden.*Arn>\/golden\/fraud\.jsonl$/)]);
  expect(statements.find(({ Action: action }) => action === 'kms:Decrypt')).toMatchObject({ Condition: { StringLike: { 'kms:ViaService': 's3.eu-west-1.amazonaws.com*' } } });
  expect(statements.filter(({ Action: action }) => String(action).startsWith('s3:') && action !== 's3:GetObject')).toEqual([]);
});

describe('an inference log', () => {
  const logged = (
    props: Partial<InferenceLogProps>,
    options: LoggedReplayOptions = { minAgreementRate: 0.9 },
    alias?: string,
  ): ReturnType<typeof replayed> => {
    const stack = newStack();
    const endpoint = newEndpoint(stack);
    if (alias !== undefined) {
      endpoint.addAlias(alias, { model: inline('v1') });
    }
    const log = new InferenceLog(stack, 'Log', { endpoint, logRequests: true, ...props });
    new CanaryRollout(stack, 'Rollout', { endpoint, replay: Replay.inferenceLog(log, options) });
    return { stack, template: () => Template.fromStack(stack) };
  };

  test('is read below its own prefix, in the format that it has', () => {
    const { template } = logged({}, { minAgreementRate: 0.9, period: Duration.days(14) });
    expect(planOf(template()).replay!.source).toEqual({ kind: 'log', bucket: expect.stringMatching(/^<LogBucket/), prefix: 'inference-log/fraud/Log/records/', days: 14, format: 'parquet' });
    const statements = statementsOf(template(), 'ModelRolloutController');
    expect(statements.filter(({ Action: action }) => action === 's3:GetObject').map(({ Resource: resource }) => flat(resource))).toEqual([expect.stringMatching(/\/inference-log\/fraud\/Log\/records\/\*$/)]);
    expect(statements.find(({ Action: action }) => action === 's3:ListBucket')).toMatchObject({ Condition: { StringLike: { 's3:prefix': 'inference-log/fraud/Log/records/*' } } });
    expect(planOf(logged({ format: InferenceLogFormat.JSON_LINES }).template()).replay!.source).toMatchObject({ prefix: 'inference-log/fraud/Log/records-json/', days: 7, format: 'json' });
  });

  test.each<[string, Partial<InferenceLogProps>, LoggedReplayOptions, RegExp]>([
    ['keeps no requests', { logRequests: false, logResponses: true }, {}, /the inference log Stack\/Log has no bodies of requests, so that there is nothing to replay; set logRequests/],
    ['replaces what is in them', { redact: ['$.card', '$..email'] }, {}, /the inference log Stack\/Log replaces \$\.card, \$\.\.email, so that both versions would be asked what no caller has sent; replay golden requests/],
    ['is to be read for hours', {}, { period: Duration.hours(36) }, /period of the replay is 1\.5 days, but records are in folders of whole days/],
    ['is to be read for years', {}, { period: Duration.days(365) }, /period of the replay is 31536000 s, but must be between 86400 and 7776000/],
  ])('that %s is refused at synthesis, with the reason', (_, props, options, message) => expect(() => logged(props, options)).toThrow(message));

  test('of another alias is refused', () => {
    expect(() => logged({ aliases: ['beta'] }, {}, 'beta')).toThrow(/the inference log Stack\/Log is not of alias "live" of this endpoint/);
  });
});

test('a blue/green rollout has it too, beside a shadow stage, and each of the three has its part of the chance to err', () => {
  const stack = newStack();
  const endpoint = newEndpoint(stack);
  new BlueGreenRollout(stack, 'Rollout', {
    endpoint, replay: ofFile({ labelPath: '$.label' }, labelled(400)), shadow: { bakeTime: Duration.minutes(10), minAgreementRate: 0.9 },
    guardrails: [Guardrail.errorPercentAbove(1)], falseRollbackRate: 0.03, inconclusive: InconclusiveAction.ROLLBACK,
  });
  const { replay, shadow } = planOf(Template.fromStack(stack));
  expect(replay).toMatchObject({ labelPath: '$.label', uncertified: 'rollback', alpha: 0.01 });
  expect(replay).not.toHaveProperty('agreement');
  expect(shadow!.judgement.alpha).toBe(0.01);
});

test('what is inconclusive follows the rollout\'s uncertified', () => {
  expect(planOf(replayed(ofFile(), { inconclusive: InconclusiveAction.HOLD }).template()).replay!.uncertified).toBe('pause');
});

test('a function of yours that compares may be called by the controller', () => {
  const { template } = replayed((stack) => ofFile({ minAgreementRate: 0.9, comparison: Comparison.custom(lambda.Function.fromFunctionArn(stack, 'Compare', 'arn:aws:lambda:eu-west-1:111111111111:function:compare')) }));
  expect(statementsOf(template(), 'ModelRolloutController').filter(({ Action: action }) => action === 'lambda:InvokeFunction').flatMap(({ Resource: resource }) => [resource].flat().map(flat)))
    .toContain('arn:aws:lambda:eu-west-1:111111111111:function:compare');
});

describe('synthesis warns of a replay', () => {
  const told = (replay: Replay, props: Partial<CanaryRolloutProps> = {}): string[] => warnings(replayed(replay, props).stack).filter((warning) => warning.includes('replay'));

  test('whose requests are too few for certainty, with how many there must be', () => {
    expect(told(ofFile({ minAgreementRate: 0.9 }, golden(50)))).toEqual([
      expect.stringMatching(/the 50 requests that are replayed of the golden requests ".*" make nothing certain, even of a candidate of which nothing bad is seen: 2\d\d are needed, or the rollout goes on without certainty/),
    ]);
    expect(told(ofFile({ minAgreementRate: 0.9, failureTolerance: 0.2 }, golden(50)))).toEqual([]);
    expect(told(ofFile({ minAgreementRate: 0.9, maxRequests: 40 }))).toEqual([expect.stringContaining('the 40 requests')]);
  });

  test('that judges nothing of the answers', () => {
    expect(told(ofFile())).toEqual([expect.stringContaining('judges failures and latency, and nothing of what is answered; set minAgreementRate, or give labels and a labelPath')]);
    expect(told(ofFile({ labelPath: '$.label' }, labelled(400)))).toEqual([]);
  });

  test('or for one, where the traffic is too little for the evidence, and says nothing of it where there is one', () => {
    const quiet = { expectedRequestsPerSecond: 0.05, expectedErrorRate: 0.01, inconclusive: InconclusiveAction.HOLD };
    const proposed = warnings(replayed(ofFile({ minAgreementRate: 0.9 }), { ...quiet, replay: undefined }).stack).filter((warning) => warning.includes('recorded requests replayed before traffic (replay)'));
    expect(proposed).toHaveLength(2);
    expect(told(ofFile({ minAgreementRate: 0.9 }), quiet).filter((warning) => warning.includes('replayed before traffic'))).toEqual([]);
  });
});

describe('a replay', () => {
  test.each<[string, () => Replay, RegExp]>([
    ['of a file that is not there', () => Replay.goldenFile(join('golden', 'missing.jsonl')), /golden requests "golden\/missing\.jsonl" cannot be read \(ENOENT\); give a path relative to where the app runs/],
    ['of a folder', () => Replay.goldenFile(folder), /is not a file; give one with a JSON object on each line/],
    ['of an empty file', () => ofFile({}, ''), /golden requests ".*golden\.jsonl": has no requests; write one such as/],
    ['of a file with mistakes', () => ofFile({}, '{"request": 1}\n{"body": 1}'), /line 2 has "body", which is not known/],
    ['of labels that nothing is compared with', () => ofFile({}, labelled(3)), /line 1 has a label, but the replay has no labelPath/],
    ['of many objects', () => Replay.goldenObject(s3.Bucket.fromBucketName(newStack(), 'B', 'golden'), 'golden/*'), /key of the golden requests is "golden\/\*", but must be that of one object/],
    ['that wants percent', () => ofFile({ minAgreementRate: 95 }), /minAgreementRate of the replay is 95/],
    ['that wants more certainty than there is', () => ofFile({ minAgreementRate: 0.9, certifiedAgreementRate: 0.95 }), /certifiedAgreementRate of the replay is 0\.95, but must be below minAgreementRate 0\.9/],
    ['that is certain of what decides nothing', () => ofFile({ certifiedAgreementRate: 0.5 }), /without minAgreementRate agreement decides nothing/],
    ['that knows no noise', () => ofFile({ minAgreementRate: 0.9, beyondNoise: true }), /beyondNoise of the replay needs to know how often production differs from itself; set noiseFloorRate/],
    ['that is a load test', () => ofFile({ requestsPerSecond: 5_000 }), /requestsPerSecond of the replay is 5000 requests a second, but must be between 0\.01 and 1000; production gets them beside its callers' requests/],
    ['of no whole requests', () => ofFile({ maxRequests: 1.5 }), /maxRequests of the replay is 1\.5 requests, but must be a whole number/],
    ['with a path of many places', () => ofFile({ labelPath: '$..label' }, labelled(400)), /labelPath of the replay is "\$\.\.label"/],
    ['that lasts longer than a deployment waits', () => ofFile({ minAgreementRate: 0.9, requestsPerSecond: 0.01 }), /a deployment waits for 12 h at the most/],
  ])('%s fails at synthesis', (_, replay, message) => expect(() => replayed(replay())).toThrow(message));
});

test('a rollout without a replay has the plan that it had', () => {
  const { template } = replayed(ofFile(), { replay: undefined });
  expect(planOf(template())).not.toHaveProperty('replay');
  expect(planOf(template()).judgement!.alpha).toBe(0.01);
});
