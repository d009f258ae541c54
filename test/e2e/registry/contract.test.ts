import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EvidenceObjects, Signer } from '../../../lambda/controller/evidence/adapters';
import { tellRegistry } from '../../../lambda/controller/registry';
import type { RolloutState } from '../../../lib/core/rollout/state';
import { runCli } from '../../fixtures/fake-aws';
import { modelPackage, packageArn } from '../../fixtures/model-packages';
import { type Call, faults } from '../contract';

// What the command and the controller say to SageMaker's model registry, S3 and KMS, and what the tests let them answer, as AWS's own
// models of the services have it.

const PACKAGES = [
  modelPackage(6, { ModelLifeCycle: { Stage: 'Archived' } }),
  modelPackage(7),
  modelPackage(8, { ModelApprovalStatus: 'PendingManualApproval', ModelPackageStatus: 'InProgress' }),
];
const summaries = PACKAGES.map(({ InferenceSpecification: _, ...summary }) => summary);

test('every call and every answer keeps to the model of SageMaker', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'model-rollout-registry-'));
  try {
    const { code, calls } = await runCli(['registry', '--group', 'fraud'], { packages: PACKAGES }, {}, folder);
    expect(code).toBe(0);
    expect(calls.map(({ action }) => action)).toEqual(['sagemaker:ListModelPackages', 'sagemaker:DescribeModelPackage']);
    const outputs: { readonly [action: string]: readonly object[] } = {
      'sagemaker:ListModelPackages': [{ ModelPackageSummaryList: summaries, NextToken: '1' }], 'sagemaker:DescribeModelPackage': PACKAGES,
    };
    expect(faults(calls.flatMap(({ action, input }) =>
      outputs[action].map((output) => ({ operation: action.split(':')[1], input, output }))))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** A client that writes down what it is asked, and answers with the same for ever. */
class Writing {
  readonly calls: Call[] = [];

  constructor(private readonly service: string, private readonly output: object) {}

  readonly send = async ({ constructor: { name }, input }: { readonly input: object }): Promise<object> => {
    this.calls.push({ service: this.service, operation: name.replace(/Command$/, ''), input, output: this.output });
    return this.output;
  };
}

test('so do those by which a rollout tells the registry how it ended', async () => {
  const client = new Writing('sagemaker', { ModelPackageArn: packageArn(7), ModelApprovalStatus: 'Approved', ApprovalDescription: 'fine' });
  const state = { id: '5b0f', alias: 'fraud/live', plan: { modelPackage: packageArn(7) } } as unknown as RolloutState;
  const outcome = { result: 'rolled back', sentence: 'rolled back: errors', at: 0, reported: false, rejects: true } as const;
  expect(await tellRegistry(state, outcome, 's3://evidence/seal.json', { sageMaker: client as never, warn: () => {} })).toEqual({
    package: packageArn(7), approval: 'Rejected',
  });
  expect(client.calls.map(({ operation }) => operation)).toEqual(['DescribeModelPackage', 'UpdateModelPackage']);
  const [describe, update] = client.calls;
  expect(faults([describe, { ...update, output: { ModelPackageArn: packageArn(7) } }])).toEqual([]);
});

test('so do those by which it keeps its evidence', async () => {
  const [s3, kms] = [new Writing('s3', {}), new Writing('kms', { Signature: 'signed' })];
  await new EvidenceObjects(s3 as never).put('evidence', 'rollouts/fraud/live/5b0f/seal.json', '{}');
  await new Signer(kms as never).sign('arn:aws:kms:eu-west-1:111111111111:key/a', Buffer.from('{}'));
  const [put, sign] = [...s3.calls, ...kms.calls];
  const { Message: digest, ...input } = sign.input as { Message: Uint8Array };
  expect(digest).toHaveLength(32);
  expect(faults([put, { ...sign, input: { ...input, Message: 'digest' } }])).toEqual([]);
});

test('the check sees what SageMaker would refuse', () => {
  expect(faults([{
    operation: 'DescribeModelPackage',
    input: { ModelPackageName: 7, Group: 'fraud' },
    output: { ModelPackageArn: packageArn(7), ModelApprovalStatus: 'Fine' },
  }])).toEqual([
    expect.stringMatching(/ModelPackageName/),
    expect.stringContaining('no member Group'),
    expect.stringContaining('is never Fine'),
  ]);
});
