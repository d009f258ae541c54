import { setTimeout as sleep } from 'node:timers/promises';
import { CloudWatchClient, GetMetricStatisticsCommand, ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import { rows } from '../../examples/digits/data';
import { inParallel, type Reply } from '../../scripts/emulator/client';
import { RolloutStage, type Sent } from './rollout-stage';

/**
 * True labels of the test data sent back as a user would: with the inference ids that the endpoint gave, over HTTP, seconds later and in
 * batches. Real models and requests; the emulator's metrics are the functions' own, at the time of the inference.
 */

let stage: RolloutStage;

beforeAll(async () => {
  process.env.E2E_SHADOW = 'yes';
  stage = await RolloutStage.open('test/e2e/feedback-app.ts');
  await stage.deploy({ artifact: 'v1' });
});

afterAll(async () => {
  delete process.env.E2E_SHADOW;
  await stage?.close();
});

const MOST_IN_BATCH = 100;

/** Sends the labels of answers back, some seconds after them. */
class Labels {
  private readonly waiting: { inferenceId: string; label: number }[] = [];
  readonly statuses = new Map<string, number>();
  private stopped = false;
  private readonly running: Promise<void>;

  constructor() {
    this.running = this.run();
  }

  readonly see = ({ status, inferenceId }: Reply, row: number): void => {
    if (status === 200) {
      this.waiting.push({ inferenceId: inferenceId!, label: rows[row].label });
    }
  };

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const batch = this.waiting.splice(0, MOST_IN_BATCH);
      await sleep(2_000);
      if (batch.length > 0) {
        const { results } = JSON.parse((await stage.client.feedback({ outcomes: batch })).text) as {
          results: { status?: string; error?: { code: string } }[];
        };
        results.forEach(({ status, error }, index) => this.note(status ?? error!.code, batch[index]));
      }
    }
  }

  /** What the table refuses is told again, as the answer asks for. */
  private note(status: string, label: { inferenceId: string; label: number }): void {
    if (status === 'UNAVAILABLE') {
      this.waiting.push(label);
      return;
    }
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }
}

async function deployUnderLoad(model: Parameters<RolloutStage['deploy']>[0]): Promise<{ sent: Sent[]; result: PromiseSettledResult<void>; statuses: ReadonlyMap<string, number> }> {
  const labels = new Labels();
  const { sent, result } = await stage.load(stage.deploy(model), 4, labels.see);
  await labels.stop();
  return { sent, result, statuses: labels.statuses };
}

/**
 * Nothing is refused but what the router could not record, which is little even where the emulator's table takes longer than callers wait.
 * A batch whose answer was lost is sent again, and is known already.
 */
function told(statuses: ReadonlyMap<string, number>, sent: number): void {
  const { accepted = 0, duplicate = 0, UNKNOWN_INFERENCE: unknown = 0, ...others } = Object.fromEntries(statuses);
  expect(others).toEqual({});
  expect(accepted + duplicate).toBeGreaterThan(0.8 * sent);
  console.log(`${sent} answers, ${accepted} labels accepted, ${unknown} of unknown inferences`);
}

const right = (label: number, index: number): boolean => label === rows[index].label;

/** Sum of a metric over the last hour. */
async function total(metricName: string, dimensions: { readonly [name: string]: string }): Promise<number> {
  const client = new CloudWatchClient(stage.config);
  const { Metrics: found = [] } = await client.send(new ListMetricsCommand({ Namespace: 'ModelRollout', MetricName: metricName }));
  const metric = found.find(({ Dimensions: given = [] }) =>
    given.every(({ Name: name, Value: value }) => name === 'Endpoint' || dimensions[name!] === value) && given.length === Object.keys(dimensions).length + 1);
  if (metric === undefined) {
    return 0;
  }
  const { Datapoints: points = [] } = await client.send(new GetMetricStatisticsCommand({
    Namespace: 'ModelRollout', MetricName: metricName, Dimensions: metric.Dimensions, Period: 3_600, Statistics: ['Sum'],
    StartTime: new Date(Date.now() - 7_200_000), EndTime: new Date(Date.now() + 3_600_000),
  }));
  return points.reduce((sum, { Sum: value = 0 }) => sum + value, 0);
}

/** Tell a label, again where the router is not done with recording the inference. */
async function tell(inferenceId: string, label: number): Promise<Reply> {
  let reply = await stage.client.feedback({ inferenceId, label });
  for (let attempt = 0; attempt < 20 && reply.status === 404; attempt++) {
    await sleep(250);
    reply = await stage.client.feedback({ inferenceId, label });
  }
  return reply;
}

/** Long enough for a busy machine; what then does not hold is said by what is expected of it. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 600 && !(await holds()); attempt++) {
    await sleep(500);
  }
}

/** What the first test has told of production: how many outcomes, and of which inference the first one. */
let outcomes = 0;
let first = 0;

test('labels count for who answered, and pairs with the shadow for who of both was right, whichever came first', async () => {
  const all = await inParallel(Array.from({ length: 40 }), 2, async (_, index) => {
    const reply = await stage.client.invoke(JSON.stringify({ pixels: rows[index].pixels }), { 'X-Amzn-SageMaker-Inference-Id': `mine-${index}` });
    return { index, reply, label: (JSON.parse(reply.text) as { label: number }).label };
  });
  expect(all.map(({ reply }) => reply.inferenceId)).toEqual(all.map(({ index }) => `mine-${index}`));
  const told = await inParallel(all, 2, ({ index }) => tell(`mine-${index}`, rows[index].label));
  // What the table throttled for longer than a caller waits is not recorded, and its label is of an unknown inference.
  const answers = all.filter((_, index) => told[index].status !== 404);
  expect(answers.length).toBeGreaterThanOrEqual(0.8 * all.length);
  outcomes = answers.length;
  first = answers[0].index;
  const accepted = told.filter(({ status }) => status !== 404);
  expect(accepted.map(({ status, text }) => [status, (JSON.parse(text) as { status: string }).status])).toEqual(answers.map(() => [200, 'accepted']));
  const variant = { Alias: 'live', Variant: 'production' };
  await until(async () => (await total('FeedbackOutcomes', variant)) >= answers.length);
  expect(await total('FeedbackOutcomes', variant)).toBe(answers.length);
  expect(await total('FeedbackWrong', variant)).toBe(answers.filter(({ label, index }) => !right(label, index)).length);
  const shadow = { Alias: 'live', Shadow: 'Shadow' };
  // Where the emulator takes longer than callers wait for a hand-over, the request is not mirrored: that is counted, and makes no pair.
  const compared = (): Promise<number> => total('Comparisons', shadow);
  // A pair whose inference is not recorded has no label.
  const unrecorded = all.length - answers.length;
  const paired = async (): Promise<boolean> => {
    const missing = (await compared()) - (await total('LabelledPairs', shadow));
    return missing >= 0 && missing <= unrecorded;
  };
  await until(async () => (await compared()) + (await total('MirrorDropped', shadow)) >= answers.length && (await paired()));
  const pairs = await total('LabelledPairs', shadow);
  expect(await paired()).toBe(true);
  expect(pairs + (await total('MirrorDropped', shadow))).toBeGreaterThanOrEqual(answers.length);
  expect(pairs).toBeGreaterThan(answers.length / 4);
  // The shadow reads columns as rows.
  expect(await total('OnlyShadowWrong', shadow)).toBeGreaterThan(pairs / 4);
});

test('fails what is told again, contradicts, is unknown or malformed: clear errors, and nothing is counted', async () => {
  const errorOf = ({ status, text }: Reply): unknown => [
    status,
    (JSON.parse(text) as { error?: { code: string } }).error?.code ?? (JSON.parse(text) as { status: string }).status,
  ];
  const label = rows[first].label;
  const inferenceId = `mine-${first}`;
  expect(errorOf(await stage.client.feedback({ inferenceId, label }))).toEqual([200, 'duplicate']);
  expect(errorOf(await stage.client.feedback({ inferenceId, label: label + 1 }))).toEqual([409, 'ALREADY_KNOWN']);
  expect(errorOf(await stage.client.feedback({ inferenceId: 'nobodys', label }))).toEqual([404, 'UNKNOWN_INFERENCE']);
  expect(errorOf(await stage.client.feedback({ inferenceId, label }, 'other'))).toEqual([404, 'UNKNOWN_INFERENCE']);
  expect(errorOf(await stage.client.feedback({ inferenceId, label }, 'nowhere'))).toEqual([404, 'ALIAS_NOT_FOUND']);
  expect(errorOf(await stage.client.feedback({ inferenceId, score: 1 }))).toEqual([400, 'MALFORMED_FEEDBACK']);
  expect(errorOf(await stage.client.feedback({ inferenceId, label: label + 1, correction: true }))).toEqual([200, 'corrected']);
  await until(async () => (await total('FeedbackWrong', { Alias: 'live', Variant: 'production' })) > 0);
  expect(await total('FeedbackOutcomes', { Alias: 'live', Variant: 'production' })).toBe(outcomes);
});

test('a model that answers as ever but wrongly is rolled back on feedback alone', async () => {
  process.env.E2E_SHADOW = '';
  const { sent, result, statuses } = await deployUnderLoad({ artifact: 'v2', defect: 'wrong-preprocessing' });
  expect(sent.filter(({ status }) => status !== 200)).toEqual([]);
  told(statuses, sent.length);
  expect(result.status).toBe('rejected');
  expect(String((result as PromiseRejectedResult).reason)).toMatch(/rolled back: (?:wrong answers: .* times as often.*; evidence .* > 100 at|aborted by alarm \S*Evidence)/);
  const { evidence } = (await stage.decisions()).filter(({ decision }) => decision.verdict === 'hold').at(-1)!.decision;
  expect(evidence.candidate?.failures).toBe(0);
  console.log(String((result as PromiseRejectedResult).reason).split('\n').find((line) => line.includes('rolled back')));
});

test('a model that is right as often is certified by its labels and promoted', async () => {
  const { sent, result, statuses } = await deployUnderLoad({ artifact: 'v2' });
  expect(sent.filter(({ status }) => status !== 200)).toEqual([]);
  told(statuses, sent.length);
  expect(result).toMatchObject({ status: 'fulfilled' });
  const decisions = (await stage.decisions()).map(({ decision }) => decision);
  const { judgement } = decisions.at(-1)!.evidence;
  expect([decisions.at(-1)!.verdict, judgement?.verdict, judgement?.guardrails[0].certified]).toEqual(['promote', 'advance-permitted', true]);
  expect(judgement!.guardrails[0].counts!.candidateTotal).toBeGreaterThan(50);
});
