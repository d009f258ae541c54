import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudWatchLogsClient, DescribeLogGroupsCommand, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { rows } from '../../examples/digits/data';
import { type InferenceRecord, RecordMark } from '../../lib/core/inference-log/record';
import { bootstrap, deploy } from '../../scripts/emulator/cdk';
import { EndpointClient, inParallel, type Reply } from '../../scripts/emulator/client';
import { EmfBridge } from '../../scripts/emulator/emf-bridge';
import { clientConfig, type Emulator, startEmulator } from '../../scripts/emulator/emulator';

/**
 * Records of real inferences, as router and mirror wrote them, read back from the functions' logs, and what `model-rollout compare` makes
 * of them. The emulator does not send logs on, so that what becomes of them behind the subscription is not shown here.
 */

const ROWS = 40;

let emulator: Emulator;
let bridge: EmfBridge;
let client: EndpointClient;
const replies: Reply[] = [];

beforeAll(async () => {
  emulator = await startEmulator({ LAMBDA_ACCOUNT_CONCURRENCY: '100' });
  await bootstrap(emulator);
  bridge = new EmfBridge(clientConfig(emulator));
  bridge.start();
  const { Digits: outputs } = await deploy(emulator, 'test/e2e/shadow-app.ts', { E2E_SHADOWS: 'whole', E2E_LOG: '1' });
  client = new EndpointClient(emulator, outputs.ApiId);
  for (let row = 0; row < ROWS; row++) {
    await sleep(200);
    replies.push(await ask(row));
  }
});

afterAll(async () => {
  await bridge?.stop();
  await emulator?.stop();
});

const ask = (index: number, alias = 'live'): Promise<Reply> => client.invoke(JSON.stringify({ pixels: rows[index].pixels }), {}, alias);

const labelOf = (text: string): number => (JSON.parse(text) as { label: number }).label;

/** All records in the logs of functions whose name says what they are. */
async function records(of: RegExp): Promise<InferenceRecord[]> {
  const logs = new CloudWatchLogsClient(clientConfig(emulator));
  const { logGroups: groups = [] } = await logs.send(new DescribeLogGroupsCommand({}));
  const found: InferenceRecord[] = [];
  for (const { logGroupName } of groups.filter((group) => of.test(group.logGroupName ?? ''))) {
    let nextToken: string | undefined;
    do {
      const page = await logs.send(new FilterLogEventsCommand({ logGroupName, nextToken }));
      for (const { message = '' } of page.events ?? []) {
        const at = message.indexOf('{"modelRollout"');
        if (at >= 0) {
          found.push(JSON.parse(message.slice(at)) as InferenceRecord);
        }
      }
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  }
  return found;
}

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (let attempt = 0; attempt < 120; attempt++) {
    const seen = await look();
    if (seen !== undefined) {
      return seen;
    }
    await sleep(500);
  }
  throw new Error(`${what} did not come`);
}

/** Records of comparisons, once there is one of each request that was handed over; what was late is not. */
async function compared(): Promise<InferenceRecord[]> {
  let last = -1;
  return until('the shadow\'s records', async () => {
    const seen = await records(/Shadow/);
    const settled = seen.length > 0 && seen.length === last;
    last = seen.length;
    await sleep(settled ? 0 : 3_000);
    return settled ? seen : undefined;
  });
}

test('every inference is a record of production, redacted, with the prediction that the caller got', async () => {
  const router = await until('the router\'s records', async () => {
    const seen = (await records(/Router/)).filter(({ alias }) => alias === 'live');
    return seen.length >= ROWS ? seen : undefined;
  });
  expect(router).toHaveLength(ROWS);
  for (const [index, reply] of replies.entries()) {
    const record = router.find(({ inferenceId }) => inferenceId === reply.inferenceId)!;
    expect(record).toMatchObject({
      modelRollout: RecordMark.INFERENCE, endpoint: 'digits', role: 'production', variant: 'production', propensity: 1, status: 200, outcome: 'answer', attempt: 1,
      prediction: String(labelOf(reply.text)), request: '{"pixels":"[redacted]"}', requestBytes: JSON.stringify({ pixels: rows[index].pixels }).length,
    });
    expect(JSON.parse(record.answer!)).toEqual(JSON.parse(reply.text));
  }
});

test('every comparison is a record of the shadow, with the label that the second model gives to the same row', async () => {
  const shadow = await compared();
  expect(shadow.length).toBeGreaterThan(ROWS / 2);
  for (const { inferenceId, prediction, productionPrediction, comparison, role, propensity } of shadow) {
    const row = replies.findIndex((reply) => reply.inferenceId === inferenceId);
    const [v1, v2] = [labelOf(replies[row].text), labelOf((await ask(row, 'v2')).text)];
    expect({ prediction, productionPrediction, comparison, role, propensity }).toEqual({
      prediction: String(v2), productionPrediction: String(v1), comparison: v1 === v2 ? 'agree' : 'differ', role: 'shadow', propensity: 1,
    });
  }
});

test('model-rollout compare prints the agreement that the two models\' answers have, and the inferences on which they differ', async () => {
  const shadow = await compared();
  const asked = shadow.map(({ inferenceId }) => replies.findIndex((reply) => reply.inferenceId === inferenceId));
  const direct = await inParallel(asked, 2, (row) => ask(row, 'v2'));
  expect(direct.filter(({ status }) => status !== 200)).toEqual([]);
  const differing = asked.filter((row, index) => labelOf(direct[index].text) !== labelOf(replies[row].text));
  expect(differing.length).toBeGreaterThan(0);
  const printed = await until('the counts of all comparisons', async () => {
    const { code, stdout } = await compare('--json', '--worst', String(ROWS));
    const document =
      code === 0
        ? (JSON.parse(stdout) as {
            shadows: { total: { comparisons: number; agreements: number; differences: number }; worst: { inferenceId: string }[] }[];
          })
        : undefined;
    return document?.shadows[0].total.comparisons === shadow.length ? document : undefined;
  });
  expect(printed.shadows[0].total).toMatchObject({
    comparisons: asked.length,
    agreements: asked.length - differing.length,
    differences: differing.length,
  });
  expect(printed.shadows[0].worst.map(({ inferenceId }) => inferenceId).sort()).toEqual(
    differing.map((row) => replies[row].inferenceId).sort(),
  );
  const { code, stdout } = await compare();
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`all +${asked.length} +${asked.length - differing.length} `));
  console.log(stdout);
});

/** The command that ships, against the emulator. */
async function compare(...args: string[]): Promise<{ code: number | null; stdout: string }> {
  const { credentials, region, endpoint } = clientConfig(emulator);
  const child = spawn(process.execPath, [join(__dirname, '../../assets/cli/index.mjs'), 'compare', 'live', '--stack', 'Digits', ...args], {
    env: {
      PATH: process.env.PATH,
      AWS_REGION: region,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let stdout = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data));
  return { code: await new Promise((resolve) => child.once('close', resolve)), stdout };
}
