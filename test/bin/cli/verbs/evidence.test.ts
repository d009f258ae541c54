import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judgedRollout, type KeptRollout, STORE } from '../../../fixtures/evidence-store';
import { type Run, runBundle, runCli, type World } from '../../../fixtures/fake-aws';

/** What an auditor does with the evidence of a rollout that has ended. */

let kept: KeptRollout;
let folder: string;

beforeAll(async () => {
  kept = await judgedRollout(0.03);
  folder = mkdtempSync(join(tmpdir(), 'model-rollout-evidence-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const PREFIX = '@ModelRollout';
const logical = (id: string): string => `${PREFIX.replace(/\W/g, '')}${id}0A1B2C3D`;

function world(objects: ReadonlyMap<string, string> = kept.bucket.objects): World {
  return {
    stacks: { Shop: [
      { logicalId: 'FraudRoute', physicalId: 'fraud/live', type: 'Custom::ModelRolloutRoute' },
      { logicalId: logical('Routes'), physicalId: 'routes', type: 'AWS::DynamoDB::Table' },
      { logicalId: logical('Rollouts'), physicalId: 'rollouts', type: 'AWS::DynamoDB::Table' },
    ] },
    rollouts: { 'fraud/live': { state: JSON.stringify(kept.state) } },
    objects: new Map([...objects].map(([key, text]) => [`${STORE.bucket}/${key}`, text])),
    publicKey: kept.bucket.key.publicKey,
  };
}

const ofStack = (...options: string[]): string[] => ['evidence', '--stack', 'Shop', '--rollout', kept.state.id, ...options];
const checksOf = (run: Run): string[] =>
  (run.json().checks as { what: string; holds: boolean }[]).map(({ what, holds }) => `${what} ${holds}`);

test('it is fetched, verified and judged again', async () => {
  const { code, stdout, calls } = await runCli(ofStack('--verify'), world());
  expect(code).toBe(0);
  expect(stdout).toContain(`fraud/live  rollout ${kept.state.id}: v1 to v2`);
  expect(stdout).toMatch(/rolled back {2}\S+ \S+ {2}rolled back: errors: /);
  expect(stdout).toContain('decided by cdk-model-rollout 0.1.0, code c0de');
  expect(stdout).toContain(`holds  signature: signed with ${STORE.keyArn}`);
  expect(stdout).toMatch(/holds {2}judged again: each of \d+ decisions follows from its record/);
  expect([...new Set(calls.map(({ action }) => action))].sort()).toEqual([
    'cloudformation:ListStackResources', 'dynamodb:GetItem', 'kms:GetPublicKey', 's3:GetObject', 's3:ListBucket',
  ]);
});

test('the command that ships does so too, as one document', async () => {
  const run = await runBundle(ofStack('--verify', '--json'), world());
  expect(run.code).toBe(0);
  expect(checksOf(run)).toEqual(['signature true', 'chain true', 'complete true', 'judged again true', 'outcome true']);
  expect(run.json()).toMatchObject({
    ok: true, alias: 'fraud/live', candidate: 'v2', outcome: { result: 'rolled back' }, orders: [], key: STORE.keyArn,
  });
});

test('without --verify nobody is asked for a key', async () => {
  const { code, calls, json } = await runCli(ofStack('--json'), world());
  expect([code, json().checks]).toEqual([0, undefined]);
  expect(calls.map(({ action }) => action)).not.toContain('kms:GetPublicKey');
});

test('what was changed ends with 7 and says where', async () => {
  const [[first, text]] = kept.bucket.objects;
  const run = await runCli(ofStack('--verify', '--json'), world(new Map([...kept.bucket.objects, [first, text.replace('"ready"', '"ready "')]])));
  expect(run.code).toBe(7);
  expect(checksOf(run)).toEqual(expect.arrayContaining(['signature true', 'chain false']));
  expect(run.json().error).toMatchObject({ code: 'NOT_VERIFIED', message: expect.stringContaining('chain: record 1 is not the one that') });
});

test('a file has all of it, and is verified with a key in a file and no AWS', async () => {
  const [file, key, page] = ['evidence.json', 'key.pem', 'evidence.html'].map((name) => join(folder, name));
  expect((await runCli(ofStack('--output', file), world())).code).toBe(0);
  writeFileSync(key, kept.bucket.key.publicKey);
  const offline = await runCli(['evidence', '--from', file, '--verify', '--public-key', key, '--html', page], {});
  expect([offline.code, offline.calls]).toEqual([0, []]);
  const html = readFileSync(page, 'utf8');
  expect(html).toContain('<title>Evidence: fraud/live</title>');
  expect(html).toContain('<b>signature:</b> signed with');
  // Counts as people write them, and no name said twice.
  expect(html).toMatch(/candidate \d+ of \d,\d{3} failed/);
  expect(html).toMatch(/<b>errors<\/b>: \d+ of /);
  expect(JSON.parse(/id="charts">(.*?)<\/script>/s.exec(html)![1])).toHaveLength(3);
});

test('a bucket that outlives its stack is read by its name', async () => {
  const alone = ['evidence', 'fraud/live', '--bucket', STORE.bucket, '--prefix', STORE.prefix];
  const { code, stdout, calls } = await runCli([...alone, '--rollout', kept.state.id, '--verify'], { ...world(), stacks: {} });
  expect(code).toBe(0);
  expect(stdout).not.toContain('DOES NOT HOLD');
  expect(calls.map(({ action }) => action)).not.toContain('cloudformation:ListStackResources');
  const lacking = await runCli(['evidence', 'live', '--bucket', STORE.bucket, '--json'], world());
  expect([lacking.code, lacking.json().error]).toEqual([2, expect.objectContaining({ code: 'BAD_OPTION' })]);
});

test('where there is none, it says what to do', async () => {
  const unknown = await runCli(['evidence', '--stack', 'Shop', '--rollout', 'none', '--json'], world());
  expect([unknown.code, unknown.json().error]).toEqual([3, {
    code: 'NO_EVIDENCE', message: expect.stringContaining('there is no evidence of rollout none at s3://evidence/rollouts/fraud/live/none/'),
  }]);
  const state = { ...kept.state, plan: { ...kept.state.plan, evidence: undefined } };
  const without = await runCli(['evidence', '--stack', 'Shop', '--json'], { ...world(), rollouts: { 'fraud/live': { state: JSON.stringify(state) } } });
  expect(without.json().error).toMatchObject({ code: 'NO_EVIDENCE', message: expect.stringContaining('give it an EvidenceStore') });
  const broken = join(folder, 'broken.json');
  writeFileSync(broken, '{}');
  const unreadable = await runCli(['evidence', '--from', broken, '--json'], {});
  expect([unreadable.code, unreadable.json().error]).toMatchObject([5, { code: 'EVIDENCE_UNREADABLE' }]);
});
