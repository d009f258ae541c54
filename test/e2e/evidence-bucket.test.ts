import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateBucketCommand, GetObjectCommand, PutObjectLockConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { EvidenceObjects, Signer } from '../../lambda/controller/evidence/adapters';
import { clientConfig, type Emulator, startEmulator } from '../../scripts/emulator/emulator';
import { type EvidenceBucket, judgedRollout, STORE } from '../fixtures/evidence-store';
import { run } from '../../bin/program';

/** Evidence as the controller writes it to a locked bucket and has it signed, by S3's and KMS' own protocols, and the command reads it. */

let emulator: Emulator;
let s3: S3Client;
let keyArn: string;

beforeAll(async () => {
  emulator = await startEmulator();
  s3 = new S3Client(clientConfig(emulator));
  const { KeyMetadata: key } = await new KMSClient(clientConfig(emulator)).send(
    new CreateKeyCommand({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }),
  );
  keyArn = key!.Arn!;
  await s3.send(new CreateBucketCommand({ Bucket: STORE.bucket, ObjectLockEnabledForBucket: true }));
  await s3.send(new PutObjectLockConfigurationCommand({
    Bucket: STORE.bucket,
    ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } } },
  }));
});

afterAll(() => emulator?.stop());

test('what is written once stays, and whoever writes again is content', async () => {
  const objects = new EvidenceObjects(s3);
  await objects.put(STORE.bucket, 'once.json', 'first');
  await objects.put(STORE.bucket, 'once.json', 'second');
  const { Body: body } = await s3.send(new GetObjectCommand({ Bucket: STORE.bucket, Key: 'once.json' }));
  expect(await body!.transformToString()).toBe('first');
});

test('a rollout whose evidence is in S3 and signed by KMS is fetched and verified', async () => {
  const [objects, signer] = [new EvidenceObjects(s3), new Signer(new KMSClient(clientConfig(emulator)))];
  let bucket!: EvidenceBucket;
  const { state } = await judgedRollout(0.03, (_, store) => {
    bucket = store;
    store.keeper = store.newKeeper({
      put: (name, key, text) => objects.put(name, key, text),
      sign: (key, bytes) => signer.sign(key, bytes),
    });
  }, { ...STORE, keyArn });
  expect(bucket.warnings).toEqual([]);
  const before = process.env;
  let stdout = '';
  try {
    process.env = { ...emulator.env };
    const code = await run(
      ['evidence', state.alias, '--bucket', STORE.bucket, '--prefix', STORE.prefix, '--rollout', state.id, '--verify', '--json'],
      {
        out: (text) => (stdout += text),
        err: (text) => (stdout += text),
        interactive: false,
        colors: false,
        columns: () => 80,
        rows: () => 24,
      },
    );
    expect({ code, checks: (JSON.parse(stdout) as { checks: { holds: boolean }[] }).checks.map(({ holds }) => holds) }).toEqual({
      code: 0, checks: [true, true, true, true, true],
    });
  } finally {
    process.env = before;
  }
});
