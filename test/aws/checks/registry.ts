import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, DeleteBucketCommand, DeleteObjectsCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateModelPackageCommand, CreateModelPackageGroupCommand, DeleteModelPackageCommand, DeleteModelPackageGroupCommand,
  DescribeModelPackageCommand, SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { run } from '../../../bin/program';
import { mlflowContextKey } from '../../../lib/core/registry/pinned-mlflow-model';
import { type Account, CHECK_IMAGE, type Pins, REGISTERED } from './account';
import { type Check, seen } from './check';
import { FOLDER, packModels } from './pack-models';
import { NO_SAGEMAKER } from './sagemaker';
import { deployed, failures } from './serving';

/** A bucket of artifacts for one check; nothing of it stays. */
async function withBucket<T>(account: Account, check: (bucket: string, s3: S3Client) => Promise<T>): Promise<T> {
  packModels();
  const s3 = new S3Client({ region: account.region });
  const bucket = `model-rollout-check-${randomUUID()}`;
  const { region } = account;
  await s3.send(new CreateBucketCommand({ Bucket: bucket, ...(region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region as 'eu-west-1' } }) }));
  try {
    return await check(bucket, s3);
  } finally {
    for (;;) {
      const { Contents: objects = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
      if (objects.length === 0) {
        break;
      }
      await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects.map(({ Key }) => ({ Key })) } }));
    }
    await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
  }
}

/** The command that ships with the package, in this process. */
async function command(account: Account, ...args: string[]): Promise<{ readonly code: number; readonly said: string }> {
  let said = '';
  const code = await run([...args, '--region', account.region], {
    out: (text) => (said += text), err: (text) => (said += text), interactive: false, colors: false, columns: () => 80, rows: () => 24,
  });
  return { code, said };
}

const CONTEXT = join(FOLDER, 'cdk.context.json');
const kept = (): Pins => JSON.parse(readFileSync(CONTEXT, 'utf8')) as Pins;

/** A package of the check's group, from an archive in a bucket. */
async function register(sageMaker: SageMakerClient, s3: S3Client, bucket: string, version: string): Promise<string> {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${version}/model.tar.gz`, Body: readFileSync(join(FOLDER, `${version}.tar.gz`)) }));
  const { ModelPackageArn: arn } = await sageMaker.send(new CreateModelPackageCommand({
    ModelPackageGroupName: REGISTERED, ModelApprovalStatus: 'Approved',
    InferenceSpecification: {
      Containers: [{
        Image: CHECK_IMAGE, ModelDataUrl: `s3://${bucket}/${version}/model.tar.gz`, Environment: { SAGEMAKER_PROGRAM: 'inference.py' },
      }],
      SupportedContentTypes: ['application/json'], SupportedResponseMIMETypes: ['application/json'],
      SupportedRealtimeInferenceInstanceTypes: ['ml.m5.large'],
    },
  }));
  return arn!;
}

export const registry: Check[] = [
  {
    id: 'model-package', stack: 'PackageCheck', minutes: 50, dollars: 0.25, onlyOnAws: NO_SAGEMAKER,
    claim: 'The newest approved package of a group is deployed, the next one is promoted, the registry says so, and the evidence in S3, signed by KMS, holds',
    how: 'registers two packages, looks each up with `model-rollout registry`, deploys both, and verifies the second one\'s evidence',
    run: (account) => withBucket(account, async (bucket, s3) => {
      const sageMaker = new SageMakerClient({ region: account.region });
      const packages: string[] = [];
      await sageMaker.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: REGISTERED }));
      try {
        mkdirSync(FOLDER, { recursive: true });
        rmSync(CONTEXT, { force: true });
        packages.push(await register(sageMaker, s3, bucket, 'v1'));
        const first = await command(account, 'registry', '--group', REGISTERED, '--context', CONTEXT);
        await account.deploy('PackageCheck', { version: 'v1', pins: kept(), bucket });
        packages.push(await register(sageMaker, s3, bucket, 'v2'));
        const second = await command(account, 'registry', '--group', REGISTERED, '--renew', '--context', CONTEXT);
        const { replies, result } = await account.load('PackageCheck', account.deploy('PackageCheck', { version: 'v2', pins: kept(), bucket }));
        if (result.status === 'rejected') {
          throw result.reason;
        }
        const { ModelApprovalStatus: approval, ApprovalDescription: told = '' } = await sageMaker.send(
          new DescribeModelPackageCommand({ ModelPackageName: packages[1] }),
        );
        const evidence = await command(account, 'evidence', 'live', '--stack', 'PackageCheck', '--verify');
        const failed = failures(replies);
        return seen(
          first.code === 0 && second.code === 0 && approval === 'Approved' && told.includes('promoted') && told.includes('s3://') && evidence.code === 0 && failed.length === 0,
          `registry ${first.code} and ${second.code}; ${approval}: ${told.slice(0, 160)}; evidence ${evidence.code} ${evidence.said.slice(-160)}; ${failed.length} requests failed`,
        );
      } finally {
        for (const arn of packages) {
          await sageMaker.send(new DeleteModelPackageCommand({ ModelPackageName: arn }));
        }
        await sageMaker.send(new DeleteModelPackageGroupCommand({ ModelPackageGroupName: REGISTERED }));
      }
    }),
  },
  {
    id: 'mlflow-folder', stack: 'MlflowCheck', minutes: 15, dollars: 0.1, onlyOnAws: NO_SAGEMAKER,
    claim: 'SageMaker serves a folder of S3 as it is, as Model.fromMlflow gives it',
    how: 'puts a model into a folder, deploys it as a version of MLflow\'s registry, and asks it',
    run: (account) => withBucket(account, async (bucket, s3) => {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'm-1/artifacts/code/inference.py', Body: readFileSync(join(FOLDER, 'v1', 'code', 'inference.py')) }));
      const key = mlflowContextKey({ server: 'https://mlflow.example.com', model: REGISTERED, version: 1 });
      const pin = { model: REGISTERED, version: '1', tags: {}, artifact: `s3://${bucket}/m-1/artifacts/`, content: '0'.repeat(64) };
      await account.deploy('MlflowCheck', { version: 'v1', pins: { [key]: pin } });
      const { status, body } = await account.invoke('MlflowCheck', '{"x":1}');
      return seen(status === 200 && body.toString().includes('v1'), `${status}: ${body.toString().slice(0, 200)}`);
    }),
  },
  {
    id: 'after-the-answer', stack: 'MirrorCheck', minutes: 8, dollars: 0.01,
    onlyOnAws: 'the emulator has no extensions',
    claim: 'A router hands requests over to its mirror after its callers have their answers, and nothing is lost',
    how: 'sends 100 requests to an endpoint with a mirror; reads Lambda\'s metric of extensions that ran on after the answer, and what was handed over',
    async run(account) {
      await deployed(account, 'MirrorCheck');
      const replies = [];
      for (let request = 0; request < 100; request++) {
        replies.push(await account.invoke('MirrorCheck', '{"x":1}'));
      }
      const router = (await account.resources('MirrorCheck')).find(({ ResourceType: type, LogicalResourceId: id = '' }) =>
        type === 'AWS::Lambda::Function' && /Router/.test(id) && !/Mirror/.test(id))?.PhysicalResourceId;
      const sumOf = (namespace: string, name: string, dimensions: { readonly [name: string]: string }): Promise<number> =>
        account.sumWithin(namespace, name, dimensions, 6);
      const after = await sumOf('AWS/Lambda', 'PostRuntimeExtensionsDuration', { FunctionName: router! });
      const mirrored = await sumOf('ModelRollout', 'Mirrored', { Endpoint: 'mirrorcheck', Alias: 'live', Shadow: 'Mirror' });
      const failed = failures(replies);
      return seen(after > 0 && mirrored === 100 && failed.length === 0, `${Math.round(after)} ms after answers; ${mirrored} of 100 mirrored; ${failed.length} failed`);
    },
  },
];
