import type { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { compare } from '../../../lib/core/comparison/compare';
import type { ComparisonOutcome } from '../../../lib/core/comparison/outcome';
import { isLogged } from '../../../lib/core/inference-log/logged';
import { type InferenceRecord, RecordMark } from '../../../lib/core/inference-log/record';
import type { ComparisonPlan } from '../../../lib/core/comparison/plan';
import type { MirrorPlan } from '../../../lib/core/mirroring/mirror-plan';
import type { MirroredRequest } from '../../../lib/core/mirroring/mirrored-request';
import { EmfMirrorRecorder } from '../../../lambda/mirror/mirror-metrics';
import { mirror, type MirrorPorts } from '../../../lambda/mirror/mirror';
import { Budget } from '../../../lambda/mirror/budget';
import { ErrorCode } from '../../../lambda/shared/http/errors';
import { failure, FailureClass, type Outcome } from '../../../lambda/shared/http/outcome';
import type { InferenceRequest } from '../../../lambda/shared/http/request';
import { variant } from '../../fixtures/serving';

const plan: MirrorPlan = {
  endpoint: 'fraud', alias: 'live', shadow: 'v3', version: 'v3-digest', target: variant('v3').target, timeoutMs: 20, sampleRate: 0.5,
  comparison: { kind: 'number', path: '$.y', absolute: 0.1, relative: 0 },
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const event = (overrides: Partial<MirroredRequest> = {}): MirroredRequest => ({
  inferenceId: 'id', at: 0, headers: { 'content-type': 'application/json' }, query: 'a=1', body: base64('{"x":1}'),
  production: { version: 'v1-digest', target: variant('production').target, latencyMs: 7, body: base64('{"y":1}') }, ...overrides,
});

const answer = (body: string, status = 200): Outcome => ({ kind: 'answer', status, headers: {}, body: Buffer.from(body) });

/** A mirror whose shadow behaves as given. */
async function run(options: {
  shadow?: (request: InferenceRequest, signal: AbortSignal) => Outcome | Promise<Outcome>;
  plan?: Partial<MirrorPlan>; take?: MirrorPorts['take']; again?: string; full?: boolean; compare?: MirrorPorts['compare']; events?: MirroredRequest[];
}): Promise<{ counted: unknown[]; asked: InferenceRequest[]; log: InferenceRecord[]; notices: unknown[] }> {
  const counted: unknown[] = [];
  const asked: InferenceRequest[] = [];
  const log: InferenceRecord[] = [];
  const notices: unknown[] = [];
  const backend = {
    invoke: async (_: unknown, request: InferenceRequest, signal: AbortSignal) => {
      asked.push(request);
      return (options.shadow ?? (() => answer('{"y":1}')))(request, signal);
    },
  };
  let now = 0;
  const ports: MirrorPorts = {
    plan: { ...plan, ...options.plan },
    backends: { lambda: backend as never, sagemaker: backend as never, 'sagemaker-component': backend as never, http: backend as never, bedrock: backend as never },
    askAgain: async () => (options.again === undefined ? undefined : Buffer.from(options.again)),
    compare:
      options.compare ??
      ((production, other) => ({ outcome: compare((options.plan?.comparison ?? plan.comparison) as ComparisonPlan, production, other) })),
    admit: async () => options.full !== true,
    take:
      options.take ??
      (async () => {
        throw Object.assign(new Error('no object'), { name: 'NoSuchKey' });
      }),
    recorder: {
      compared: (compared) => counted.push(compared),
      noise: (outcome) => counted.push({ noise: outcome.kind }),
      dropped: () => counted.push('dropped'),
    },
    remember: async () => {},
    log: (record) => log.push(record),
    now: () => Date.UTC(2026, 0, 1),
    onFailure: (details) => notices.push(details),
    clock: () => (now += 5),
  };
  for (const each of options.events ?? [event()]) {
    await mirror(each, ports);
  }
  return { counted, asked, log, notices };
}

test('the shadow is asked what production was asked, and an agreement is counted without a log line', async () => {
  const { counted, asked, log } = await run({});
  expect(asked).toMatchObject([{ inferenceId: 'id', query: 'a=1', body: Buffer.from('{"x":1}') }]);
  expect(asked[0].headers.get('content-type')).toBe('application/json');
  expect(counted).toEqual([{ outcome: { kind: 'agree', difference: 0 }, shadowLatencyMs: 5, productionLatencyMs: 7 }]);
  expect(log).toEqual([]);
});

test('a difference is logged with the versions and without the answers, under a mark that the log does not keep', async () => {
  const { log } = await run({ shadow: () => answer('{"y":3}') });
  expect(log).toEqual([{
    modelRollout: RecordMark.COMPARISON, time: '2026-01-01T00:00:00.000Z', endpoint: 'fraud', alias: 'live', inferenceId: 'id',
    variant: 'v3', role: 'shadow', version: 'v3-digest', propensity: 0.5, targeted: false, attempt: 1, latencyMs: 5,
    status: 200, outcome: 'answer', fellBack: false, requestBytes: 7, answerBytes: 7, comparison: 'differ', difference: 2, productionVersion: 'v1-digest',
  }]);
});

test('with a log every comparison of its sample is a record, agreements too, and others as before', async () => {
  const log = { sampleRate: 0.5, predictionPath: '$.y', redact: [] };
  const ids = Array.from({ length: 40 }, (_, index) => `id-${index}`);
  const agreeing = await run({ plan: { log }, events: ids.map((inferenceId) => event({ inferenceId })) });
  const sampled = ids.filter((id) => isLogged('fraud/live', id, log));
  expect(sampled.length).toBeGreaterThan(5);
  expect(sampled.length).toBeLessThan(35);
  expect(agreeing.log.map(({ inferenceId }) => inferenceId)).toEqual(sampled);
  expect(agreeing.log[0]).toMatchObject({ modelRollout: 'inference', comparison: 'agree', difference: 0, prediction: '1', productionPrediction: '1' });
  const differing = await run({ plan: { log }, shadow: () => answer('{"y":3}'), events: ids.map((inferenceId) => event({ inferenceId })) });
  expect(differing.log).toHaveLength(40);
  expect(differing.log.filter(({ modelRollout }) => modelRollout === RecordMark.INFERENCE).map(({ inferenceId }) => inferenceId)).toEqual(
    sampled,
  );
});

test('the log is told of a shadow that failed, and of nothing that is redacted', async () => {
  const log = { sampleRate: 1, redact: ['$.secret'], payload: { request: true, answer: true, maximumBytes: 1_000 } };
  const failing = await run({ plan: { log }, shadow: () => failure(FailureClass.TIMEOUT, ErrorCode.TIMEOUT, 'late') });
  expect(failing.log[0]).toMatchObject({ status: 504, outcome: 'timeout', code: 'TIMEOUT', comparison: 'shadow error', reason: 'TIMEOUT' });
  const json: ComparisonPlan = { kind: 'json', absolute: 0, relative: 0, ignoredPaths: [] };
  const secret = await run({ plan: { log }, compare: (a, b) => ({ outcome: compare(json, a, b) }), shadow: () => answer('{"y":1,"secret":{"ada@example.org":1}}') });
  expect(secret.log[0]).toMatchObject({ comparison: 'schema difference', answer: '{"y":1,"secret":"[redacted]"}' });
  expect(JSON.stringify(secret.log)).not.toContain('ada@example.org');
  expect(secret.log[0]).not.toHaveProperty('request');
});

test.each<[string, () => Outcome | Promise<Outcome>, Partial<ComparisonOutcome>]>([
  ['with an error', () => failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, 'no'), { kind: 'shadow error', reason: 'MODEL_ERROR' }],
  ['with a throttle', () => failure(FailureClass.THROTTLE, ErrorCode.THROTTLED, 'full'), { kind: 'shadow error', reason: 'THROTTLED' }],
  ['because it is gone', () => failure(FailureClass.GONE, ErrorCode.BACKEND_UNAVAILABLE, 'gone'), { kind: 'shadow error', reason: 'BACKEND_UNAVAILABLE' }],
  ['with a refusal', () => answer('{}', 422), { kind: 'shadow error', reason: 'status 422' }],
  ['with an exception of our own', () => { throw new TypeError('ours'); }, { kind: 'shadow error', reason: 'TypeError' }],
  ['without the value', () => answer('{"z":1}'), { kind: 'schema difference' }],
  ['with something that is not valid JSON', () => answer('<html>'), { kind: 'schema difference' }],
])('fails %s: counted as what it is', async (_, shadow, outcome) => {
  const { counted, log } = await run({ shadow });
  expect(counted).toMatchObject([{ outcome }]);
  expect(log).toMatchObject([{ comparison: outcome.kind }]);
});

test('fails to answer in its time: stopped, and counted as an error', async () => {
  const { counted } = await run({
    shadow: (_, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(failure(FailureClass.TIMEOUT, ErrorCode.TIMEOUT, 'late')))),
  });
  expect(counted).toMatchObject([{ outcome: { kind: 'shadow error', reason: 'TIMEOUT' } }]);
});

test('fails to find room in the minute: dropped, and the shadow is not asked', async () => {
  const { counted, asked } = await run({ full: true });
  expect([counted, asked]).toEqual([['dropped'], []]);
});

describe('bodies that travel beside the event', () => {
  const stored = event({ body: '', production: { ...event().production, body: '' }, stored: { key: 'bodies/1', requestBytes: 7 } });

  test('are taken, and told apart', async () => {
    const { asked, counted } = await run({ events: [stored], take: async (key) => Buffer.from(key === 'bodies/1' ? '{"x":1}{"y":1}' : '') });
    expect(asked).toMatchObject([{ body: Buffer.from('{"x":1}') }]);
    expect(counted).toMatchObject([{ outcome: { kind: 'agree' } }]);
  });

  test('fails to find them: dropped and counted, and the shadow is not asked', async () => {
    const { asked, counted, log, notices } = await run({ events: [stored] });
    expect([asked, counted]).toEqual([[], ['dropped']]);
    expect(log).toEqual([]);
    expect(notices).toEqual([{ inferenceId: 'id', problem: 'the bodies are not there: NoSuchKey' }]);
  });

  test('are left to expire where the minute has no room', async () => {
    const { counted } = await run({ events: [stored], full: true, take: () => { throw new Error('taken'); } });
    expect(counted).toEqual(['dropped']);
  });
});

test('production is asked again for its share of the requests, and differs from itself as far as it does', async () => {
  const events = Array.from({ length: 1_000 }, (_, i) => event({ inferenceId: `id-${i}` }));
  const noise = { share: 0.1, routerFunction: 'router' };
  const { counted } = await run({ plan: { noise }, again: '{"y":1.5}', events });
  const again = counted.filter((each) => JSON.stringify(each) === '{"noise":"differ"}').length;
  expect(Math.abs(again - 100)).toBeLessThan(5 * Math.sqrt(90));
  expect(counted).toHaveLength(1_000 + again);
  // No second answer says nothing about noise.
  expect((await run({ plan: { noise: { ...noise, share: 1 } } })).counted).toHaveLength(1);
});

describe('the budget of a minute', () => {
  const counter = (): { send: never; counts: Map<string, number> } => {
    const counts = new Map<string, number>();
    const send = async ({ input }: UpdateItemCommand): Promise<object> => {
      const minute = input.Key!.minute.N!;
      counts.set(minute, (counts.get(minute) ?? 0) + 1);
      return { Attributes: { requests: { N: String(counts.get(minute)) } } };
    };
    return { send: send as never, counts };
  };

  test('has room for so many, over all instances, and again in the next', async () => {
    const table = counter();
    let now = 60_000 * 7;
    const [one, other] = [0, 1].map(() => new Budget(table, { table: 'budget', most: 3 }, () => now));
    expect([await one.admit(), await other.admit(), await one.admit(), await other.admit()]).toEqual([true, true, true, false]);
    now += 60_000;
    expect(await other.admit()).toBe(true);
    expect([...table.counts.keys()]).toEqual(['7', '8']);
  });

  test('fails to be counted: there is no room', async () => {
    const broken = new Budget({ send: (async () => { throw new Error('throttled'); }) as never }, { table: 'budget', most: 3 });
    expect(await broken.admit()).toBe(false);
  });
});

const JUDGED: MirrorPlan = { ...plan, comparison: { kind: 'judge', by: { kind: 'function', functionArn: 'judge' }, timeoutMs: 1, maximumPerDay: 9 } };

test.each<[string, ComparisonOutcome, object]>([
  ['a win', { kind: 'agree', difference: 0, verdict: 'win' }, { Comparisons: 1, Judged: 1, Wins: 1, Losses: 0 }],
  ['a tie', { kind: 'agree', difference: 0, verdict: 'tie' }, { Judged: 1, Wins: 0, Losses: 0 }],
  ['a loss', { kind: 'differ', difference: 1, verdict: 'loss' }, { Judged: 1, Wins: 0, Losses: 1 }],
  ['no answer of the shadow, which has lost', { kind: 'shadow error', reason: 'TIMEOUT' }, { ShadowErrors: 1, Judged: 1, Wins: 0, Losses: 1 }],
])('of a judge %s is counted as what it is', (_, outcome, counts) => {
  expect(countedOf(JUDGED, outcome)).toMatchObject(counts);
});

test.each<[string, ComparisonOutcome, string]>([
  ['fails, or says nothing that can be read', { kind: 'comparison error', reason: 'words' }, 'ComparisonErrors'],
  ['contradicts itself', { kind: 'contradiction', reason: 'the first place' }, 'JudgeContradictions'],
  ['may not be asked', { kind: 'not judged', reason: '' }, 'NotJudged'],
])('a judge that %s is counted, and neither for nor against the shadow', (_, outcome, metric) => {
  const counted = countedOf(JUDGED, outcome);
  expect(counted).toMatchObject({ [metric]: 1 });
  for (const verdict of ['Comparisons', 'Agreements', 'Differences', 'Judged', 'Wins', 'Losses']) {
    expect(counted).not.toHaveProperty(verdict);
  }
});

test('without a judge nothing is counted of one, and a comparison that failed is no agreement', () => {
  expect(countedOf(plan, { kind: 'agree', difference: 0 })).not.toHaveProperty('Judged');
  expect(countedOf(plan, { kind: 'comparison error', reason: 'late' })).toMatchObject({ Comparisons: 1, Agreements: 0, ComparisonErrors: 1 });
});

test('tokens of a judge are counted where they are known', () => {
  expect(countedOf(JUDGED, { kind: 'agree', difference: 0, verdict: 'win' }, 812)).toMatchObject({ JudgeTokens: 812, Wins: 1 });
  expect(countedOf(JUDGED, { kind: 'agree', difference: 0, verdict: 'tie' })).not.toHaveProperty('JudgeTokens');
});

/** The line that the recorder writes of a comparison. */
function countedOf(of: MirrorPlan, outcome: ComparisonOutcome, judgeTokens?: number): object {
  Object.assign(process.env, { POWERTOOLS_DEV: 'true', POWERTOOLS_METRICS_DISABLED: 'false' });
  const lines: string[] = [];
  const spy = jest.spyOn(console, 'log').mockImplementation((line: string) => lines.push(line));
  try {
    const tokens = judgeTokens === undefined ? {} : { judgeTokens };
    new EmfMirrorRecorder(of).compared({ outcome, shadowLatencyMs: 1, productionLatencyMs: 2, ...tokens });
  } finally {
    spy.mockRestore();
    delete process.env.POWERTOOLS_DEV;
    delete process.env.POWERTOOLS_METRICS_DISABLED;
  }
  return JSON.parse(lines[0]) as object;
}

test('metrics are written for the shadow and for its version', () => {
  Object.assign(process.env, { POWERTOOLS_DEV: 'true', POWERTOOLS_METRICS_DISABLED: 'false' });
  const lines: string[] = [];
  const spy = jest.spyOn(console, 'log').mockImplementation((line: string) => lines.push(line));
  const recorder = new EmfMirrorRecorder(plan);
  recorder.compared({ outcome: { kind: 'differ', difference: 0.5 }, shadowLatencyMs: 9, productionLatencyMs: 7 });
  recorder.noise({ kind: 'agree', difference: 0 });
  recorder.dropped();
  spy.mockRestore();
  delete process.env.POWERTOOLS_DEV;
  delete process.env.POWERTOOLS_METRICS_DISABLED;
  const records = lines.map((line) => JSON.parse(line) as { _aws: { CloudWatchMetrics: [{ Dimensions: string[][] }] } });
  expect(records[0]).toMatchObject({
    Endpoint: 'fraud',
    Alias: 'live',
    Shadow: 'v3',
    Version: 'v3-digest',
    Comparisons: 1,
    Agreements: 0,
    Differences: 1,
    SchemaDifferences: 0,
    ShadowErrors: 0,
    ShadowLatency: 9,
    ProductionLatency: 7,
    DifferenceSize: 0.5,
  });
  expect(records[0]._aws.CloudWatchMetrics[0].Dimensions).toEqual([['Endpoint', 'Alias', 'Shadow'], ['Endpoint', 'Alias', 'Shadow', 'Version']]);
  expect(records[1]).toMatchObject({ NoiseComparisons: 1, NoiseDifferences: 0 });
  expect(records[2]).toMatchObject({ MirrorDropped: 1 });
});

test('fails to compare by a function: the outcome is its own, and production\'s second answer counts for nothing', async () => {
  const { counted, log } = await run({
    plan: { noise: { share: 1, routerFunction: 'router' } }, again: '{"y":1}',
    compare: async () => ({ outcome: { kind: 'comparison error', reason: 'TimeoutError' } }),
  });
  expect(counted).toEqual([{ outcome: { kind: 'comparison error', reason: 'TimeoutError' }, shadowLatencyMs: 5, productionLatencyMs: 7 }]);
  expect(log).toEqual([expect.objectContaining({ comparison: 'comparison error', reason: 'TimeoutError' })]);
});

test('both answers are sorted into bins, and a shadow that fails is an error and no drift', async () => {
  const outputs = [{ path: '$.y', edges: [1, 5] }, { path: '$.label', labels: ['a', 'b'] }];
  const shadows = [answer('{"y":7,"label":"b"}'), answer('no JSON'), answer('{"y":7}', 500), failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, 'failed')];
  const { counted } = await run({ plan: { outputs }, shadow: () => shadows.shift()!, events: [event(), event(), event(), event()] });
  expect(counted.map((each) => (each as { outputs?: unknown }).outputs)).toEqual([
    { Shadow: [2, 1], Production: [1, 3] },
    { Shadow: [3, 3], Production: [1, 3] },
    undefined, undefined,
  ]);
});

test('bins are counted with their zeros, for the shadow and its version', () => {
  const lines: string[] = [];
  // Powertools writes past the console.
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  try {
    new EmfMirrorRecorder({ ...plan, outputs: [{ path: '$.y', edges: [1] }] }).compared({
      outcome: { kind: 'agree', difference: 0 }, shadowLatencyMs: 1, productionLatencyMs: 2, outputs: { Shadow: [0], Production: [1] },
    });
  } finally {
    write.mockRestore();
  }
  expect(JSON.parse(lines[0])).toMatchObject({
    Outputs: 1,
    ShadowOutputs1Bin1: 1,
    ShadowOutputs1Bin2: 0,
    ShadowOutputs1Bin3: 0,
    ProductionOutputs1Bin1: 0,
    ProductionOutputs1Bin2: 1,
    ProductionOutputs1Bin3: 0,
  });
});
