import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureVenv } from '../../../scripts/emulator/emulator';
import { runCli } from '../../fixtures/fake-aws';
import { modelPackage, packageArn } from '../../fixtures/model-packages';

// What the command says to SageMaker's model registry, and what the tests let it answer, as AWS's own model of the service has it.

const PYTHON = join(ensureVenv('clients', join(__dirname, '..', 'http', 'requirements.txt'), console.log), 'bin', 'python');

interface Call {
  readonly operation: string;
  readonly input: object;
  readonly output: object;
}

const faults = (calls: readonly Call[]): unknown =>
  JSON.parse(execFileSync(PYTHON, [join(__dirname, 'contract.py')], { input: JSON.stringify(calls), encoding: 'utf8' }));

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
