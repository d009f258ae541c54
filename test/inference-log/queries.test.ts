import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { mirror } from '../../lambda/mirror/mirror';
import { ErrorCode } from '../../lambda/shared/http/errors';
import { InferenceLogger } from '../../lambda/router/inference-log';
import { failure, FailureClass, type Outcome } from '../../lambda/shared/http/outcome';
import { readRequest } from '../../lambda/shared/http/request';
import { RetryBudget } from '../../lambda/router/retry-budget';
import { RouteCache } from '../../lambda/shared/routes/route-cache';
import { serve } from '../../lambda/router/serve';
import { compare } from '../../lib/core/comparison/compare';
import { LOG_COLUMNS, LOG_PARTITIONS } from '../../lib/core/inference-log/columns';
import { logQueries } from '../../lib/core/inference-log/queries';
import { type FeedbackRecord, type InferenceRecord, type LogPlan, type LogRecord, RecordMark } from '../../lib/core/inference-log/record';
import { apiEvent, route, variant } from '../fixtures/serving';

/*
 * The saved queries on records that the real router and mirror write, in DuckDB. It stands in for Athena: both read this SQL as it is, but
 * for three functions of Trino's that DuckDB has under other names, defined below. Not shown by it: how Firehose converts, how Athena reads
 * Parquet and partitions, and that approx_percentile approximates.
 */
const TRINO = [
  'CREATE MACRO date_format(t, f) AS strftime(t, f)',
  'CREATE MACRO approx_percentile(x, p) AS quantile_cont(x, p)',
  'CREATE MACRO from_iso8601_timestamp(t) AS strptime(t, \'%Y-%m-%dT%H:%M:%S.%gZ\')',
];

const LOG: LogPlan = { sampleRate: 0.8, predictionPath: '$.label', redact: ['$.card'], payload: { request: true, answer: true, maximumBytes: 4_000 } };
const INPUTS = 400;
const NOW = Date.now();

const truth = (x: number): string => String(x % 10);
/** What the versions make of an input; undefined where they fail. */
const models: { readonly [name: string]: (x: number) => number | undefined } = {
  production: (x) => x % 10,
  candidate: (x) => {
    if (x % 11 === 0) {
      return undefined;
    }
    if (x % 5 === 0) {
      return 9;
    }
    return x % 10;
  },
  shadow: (x) => {
    if (x % 13 === 0) {
      return undefined;
    }
    if (x % 7 === 0) {
      return (x % 10) + 1;
    }
    return x % 10;
  },
};

const answerOf = (name: string, body: Uint8Array): Outcome => {
  const { x } = JSON.parse(Buffer.from(body).toString()) as { x: number };
  const label = models[name](x);
  return label === undefined
    ? failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, 'no')
    : { kind: 'answer', status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify({ label, card: 'secret' })) };
};

/** Records of requests that a router with a canary served, mirrored to a shadow, and of the feedback to most of them. */
async function records(): Promise<LogRecord[]> {
  const written: LogRecord[] = [];
  const backend = { invoke: async (target: { functionArn: string }, { body }: { body: Uint8Array }) => answerOf(target.functionArn.split(':').at(-1)!, body) };
  const backends = { lambda: backend as never, sagemaker: backend as never, 'sagemaker-component': backend as never, http: backend as never, bedrock: backend as never };
  const stored = route([{ ...variant('production'), weight: 70 }, { ...variant('candidate', { role: 'candidate' }), weight: 30 }], { log: LOG, lease: { until: Number.MAX_SAFE_INTEGER } });
  let clock = 0;
  for (let x = 0; x < INPUTS; x++) {
    // Over the last two hours.
    const now = NOW - (x % 120) * 60_000;
    const request = readRequest(apiEvent({ body: JSON.stringify({ x, card: 'secret' }), headers: { 'x-amzn-sagemaker-inference-id': `id-${x}` } }));
    const served = await serve(request, {
      endpoint: 'fraud',
      timeoutMs: 1e9,
      routes: new RouteCache({ read: async () => stored }, () => undefined),
      backends,
      recorder: { record: () => undefined, reserved: () => undefined },
      keyed: { count: () => undefined },
      retries: new RetryBudget(),
      onFailure: () => undefined,
      clock: () => (clock += 1 + (x % 3)),
    });
    new InferenceLogger({ endpoint: 'fraud', write: (line) => void written.push(JSON.parse(line) as InferenceRecord), onFailure: (details) => { throw new Error(JSON.stringify(details)); }, now: () => now })
      .record(request, served);
    if (served.variant.role === 'production' && served.outcome.kind === 'answer') {
      await mirror(
        {
          inferenceId: request.inferenceId,
          at: now,
          headers: { 'content-type': 'application/json' },
          query: '',
          body: Buffer.from(request.body).toString('base64'),
          production: {
            version: served.variant.version,
            target: served.variant.target,
            latencyMs: served.latencyMs,
            body: Buffer.from(served.outcome.body).toString('base64'),
          },
        },
        {
          plan: {
            endpoint: 'fraud',
            alias: 'live',
            shadow: 'shadow',
            version: 'shadow-digest',
            target: variant('shadow').target,
            timeoutMs: 1_000,
            sampleRate: 1,
            comparison: { kind: 'number', path: '$.label', absolute: 0, relative: 0 },
            log: LOG,
          },
          backends,
          compare: (a, b) => ({ outcome: compare({ kind: 'number', path: '$.label', absolute: 0, relative: 0 }, a, b) }),
          askAgain: async () => undefined,
          take: () => Promise.reject(new Error('no bodies')),
          remember: async () => undefined,
          onFailure: (details) => {
            throw new Error(JSON.stringify(details));
          },
          admit: async () => true,
          recorder: { compared: () => undefined, noise: () => undefined, dropped: () => undefined },
          log: (record) => written.push(JSON.parse(JSON.stringify(record)) as InferenceRecord),
          now: () => now,
          clock: () => (clock += 2),
        },
      );
    }
    if (x % 4 !== 0) {
      // A first label that is wrong and is put right later, for some.
      const feedback = (label: string, at: number, correction: boolean): FeedbackRecord => ({
        modelRollout: RecordMark.FEEDBACK,
        time: new Date(at).toISOString(),
        endpoint: 'fraud',
        alias: 'live',
        inferenceId: `id-${x}`,
        variant: served.variant.name,
        role: served.variant.role,
        version: served.variant.version,
        outcomeTime: new Date(now).toISOString(),
        label,
        reward: x % 2,
        correction,
      });
      written.push(...(x % 6 === 1 ? [feedback('wrong', now + 1_000, false), feedback(truth(x), now + 2_000, true)] : [feedback(truth(x), now + 1_000, false)]));
    }
  }
  return written;
}

let db: DuckDBConnection;
let all: LogRecord[];
/** Of the log's sample. */
let kept: InferenceRecord[];

beforeAll(async () => {
  all = await records();
  // What the subscription filter keeps.
  const delivered = all.filter(({ modelRollout }) => modelRollout !== RecordMark.COMPARISON);
  kept = delivered.filter((record): record is InferenceRecord => record.modelRollout === RecordMark.INFERENCE);
  db = await (await DuckDBInstance.create(':memory:')).connect();
  for (const macro of TRINO) {
    await db.run(macro);
  }
  const type: { [glue: string]: string } = { string: 'VARCHAR', double: 'DOUBLE', boolean: 'BOOLEAN', int: 'INTEGER', bigint: 'BIGINT' };
  const columns = [...LOG_COLUMNS, ...LOG_PARTITIONS];
  await db.run(`CREATE TABLE records (${columns.map(({ name, type: glue }) => `"${name}" ${type[glue]}`).join(', ')})`);
  // At least once: every tenth line arrives twice.
  for (const [index, record] of delivered.entries()) {
    const row = Object.fromEntries(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value as unknown]));
    expect(Object.keys(row).filter((name) => !LOG_COLUMNS.some((column) => column.name === name))).toEqual([]);
    Object.assign(row, { day: record.time.slice(0, 10), hour: record.time.slice(11, 13) });
    const insert = `INSERT INTO records (${Object.keys(row).map((name) => `"${name}"`).join(', ')}) VALUES (${Object.values(row).map(literal).join(', ')})`;
    await db.run(insert);
    if (index % 10 === 0) {
      await db.run(insert);
    }
  }
  // Older than what the queries read.
  await db.run('INSERT INTO records (modelrollout, role, alias, variant, version, inferenceid, comparison, outcome, time, day) VALUES (\'inference\', \'shadow\', \'live\', \'old\', \'old\', \'old\', \'differ\', \'answer\', \'2020-01-01T00:00:00.000Z\', \'2020-01-01\')');
});

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value.replaceAll('\'', '\'\'')}'` : String(value);
}

async function ask(name: string): Promise<{ [column: string]: unknown }[]> {
  const { sql } = logQueries('"records"').find((query) => query.name === name)!;
  return (await db.runAndReadAll(sql)).getRowObjectsJson() as { [column: string]: unknown }[];
}

/** Requests that were the variant's own. */
const own = (of: string): InferenceRecord[] => kept.filter(({ role, fallback }) => role === of && fallback !== true);
const shadows = (): InferenceRecord[] => kept.filter(({ role }) => role === 'shadow');

test('the records are a sample, with all that the log plan says, and with no secret', () => {
  expect(shadows().length).toBeGreaterThan(100);
  expect(shadows().length).toBeLessThan(INPUTS * 0.8);
  expect(kept.filter(({ fellBack }) => fellBack).length).toBeGreaterThan(0);
  expect(kept.filter(({ fallback }) => fallback)).toHaveLength(kept.filter(({ fellBack }) => fellBack).length);
  expect(JSON.stringify(all)).not.toContain('secret');
});

test('agreement by hour', async () => {
  const rows = await ask('agreement by hour');
  const hours = new Map<string, InferenceRecord[]>();
  for (const record of shadows()) {
    hours.set(record.time.slice(0, 13), [...hours.get(record.time.slice(0, 13)) ?? [], record]);
  }
  expect(rows.map(({ inferencehour, comparisons, agreements, differences, shadowerrors, agreementpercent }) => [
    String(inferencehour).replace(' ', 'T').slice(0, 13), Number(comparisons), Number(agreements), Number(differences), Number(shadowerrors), agreementpercent,
  ])).toEqual([...hours].sort(([a], [b]) => (a < b ? 1 : -1)).map(([hour, of]) => {
    const count = (kind: string): number => of.filter(({ comparison }) => comparison === kind).length;
    return [hour, of.length, count('agree'), count('differ'), count('shadow error'), Math.round(10_000 * count('agree') / of.length) / 100];
  }));
  // And as the two models have it.
  const inputs = shadows().map(({ inferenceId }) => Number(inferenceId.slice(3)));
  expect(rows.reduce((sum, { agreements }) => sum + Number(agreements), 0)).toBe(
    inputs.filter((x) => models.shadow(x) === models.production(x)).length,
  );
});

test('worst disagreements, with both answers', async () => {
  const rows = await ask('worst disagreements');
  const inputs = shadows().filter(({ comparison }) => comparison !== 'agree').map(({ inferenceId }) => inferenceId).sort();
  expect(rows.map(({ inferenceid }) => inferenceid).sort()).toEqual(inputs);
  const sizes = rows.map(({ difference }) => (difference === null ? -Infinity : Number(difference)));
  expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  const [worst] = rows;
  const x = Number(String(worst.inferenceid).slice(3));
  expect(worst).toMatchObject({
    shadow: 'shadow', comparison: 'differ', productionprediction: String(models.production(x)), shadowprediction: String(models.shadow(x)),
    request: `{"x":${x},"card":"[redacted]"}`, productionanswer: `{"label":${models.production(x)},"card":"[redacted]"}`, shadowanswer: `{"label":${models.shadow(x)},"card":"[redacted]"}`,
  });
  expect(rows.at(-1)).toMatchObject({ comparison: 'shadow error', reason: 'MODEL_ERROR' });
});

test('latency by version, of the requests that were its own', async () => {
  const rows = await ask('latency by version');
  expect(
    rows.map(({ role, variant: name, requests, failures, fallbacks }) => [
      role,
      name,
      Number(requests),
      Number(failures),
      Number(fallbacks),
    ]),
  ).toEqual(
    (['candidate', 'production', 'shadow'] as const).map((role) => {
      const of = own(role);
      return [role, role, of.length, of.filter(({ outcome }) => outcome !== 'answer').length, of.filter(({ fellBack }) => fellBack).length];
    }),
  );
  for (const { role, p50ms, p99ms } of rows) {
    const sorted = own(String(role)).map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
    expect(Number(p50ms)).toBeCloseTo(sorted[Math.floor(sorted.length / 2)], 0);
    expect(Number(p99ms)).toBeLessThanOrEqual(sorted.at(-1)!);
  }
});

test('outcomes by version: labels put right count, and judge the shadow as well', async () => {
  const rows = await ask('outcomes by version');
  const expected = (['candidate', 'production', 'shadow'] as const).map((role) => {
    const of = own(role).filter(({ outcome }) => outcome === 'answer').map((record) => ({ x: Number(record.inferenceId.slice(3)), record })).filter(({ x }) => x % 4 !== 0);
    const right = of.filter(({ x, record }) => record.prediction === truth(x)).length;
    return [role, of.length, Math.round(10_000 * right / of.length) / 100];
  });
  expect(rows.map(({ role, labels, accuracypercent }) => [role, Number(labels), accuracypercent])).toEqual(expected);
  expect(Number(rows[2].accuracypercent)).toBeLessThan(Number(rows[1].accuracypercent));
  expect(rows.map(({ meanreward }) => meanreward === null)).toEqual([false, false, true]);
});
