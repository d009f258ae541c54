import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { requestsOfLog } from '../../../../lambda/controller/replay/logged-requests';
import { RecordedRequests } from '../../../../lambda/controller/replay/recorded-requests';
import { LOG_COLUMNS } from '../../../../lib/core/inference-log/columns';
import { linesOf } from '../../../../lib/core/replay/golden';
import type { ReplaySource } from '../../../../lib/core/replay/plan';
import type { RolloutState } from '../../../../lib/core/rollout/state';
import { MemoryObjects } from './models';

/**
 * Requests from records as the log keeps them: in Parquet with Snappy, which DuckDB writes here and Firehose in AWS, and as compressed
 * lines.
 */

const NOW = Date.UTC(2026, 10, 27, 12);
const PREFIX = 'inference-log/fraud/Log/records/';
const source = (format: 'parquet' | 'json', days = 7): Extract<ReplaySource, { kind: 'log' }> => ({ kind: 'log', bucket: 'log', prefix: PREFIX, days, format });

type Written = { readonly [member: string]: unknown };
const record = (row: number, more: Written = {}): Written => ({
  modelRollout: 'inference', time: '2026-11-27T11:00:00.000Z', endpoint: 'fraud', alias: 'live', inferenceId: `id-${row}`, variant: 'production', role: 'production', version: 'v1',
  propensity: 1, targeted: false, attempt: 1, latencyMs: 12.5, status: 200, outcome: 'answer', fellBack: false, requestBytes: 20, request: `{"row":${row},"id":12345678901234567890}`, ...more,
});
const feedback = (row: number, label: string): Written => ({ modelRollout: 'feedback', endpoint: 'fraud', alias: 'live', inferenceId: `id-${row}`, role: 'production', label });

async function parquet(records: readonly Written[]): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'records-'));
  try {
    const types: { [type: string]: string } = { string: 'VARCHAR', double: 'DOUBLE', boolean: 'BOOLEAN', int: 'INTEGER', bigint: 'BIGINT' };
    writeFileSync(join(folder, 'records.jsonl'), records.map((each) => JSON.stringify(Object.fromEntries(Object.entries(each).map(([name, value]) => [name.toLowerCase(), value])))).join('\n'));
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const columns = LOG_COLUMNS.map(({ name, type }) => `'${name}': '${types[type]}'`).join(', ');
    await connection.run(`COPY (SELECT * FROM read_json('${folder}/records.jsonl', columns = {${columns}})) TO '${folder}/records.parquet' (FORMAT parquet, COMPRESSION snappy)`);
    connection.closeSync();
    return readFileSync(join(folder, 'records.parquet'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const writers = {
  parquet,
  json: async (records: readonly Written[]) => gzipSync(records.map((each) => JSON.stringify(each)).join('\n')),
};

async function requests(objects: MemoryObjects, format: 'parquet' | 'json', more: Partial<Parameters<typeof requestsOfLog>[1]> = {}): Promise<Written[]> {
  const bytes = await requestsOfLog(source(format), { objects, rollout: 'rollout-1', alias: 'fraud/live', wanted: 100, labels: false, until: NOW, ...more });
  return [...linesOf(bytes)].map(({ text }) => JSON.parse(text) as Written);
}

describe.each(['parquet', 'json'] as const)('a log in %s', (format) => {
  const write = writers[format];

  test('gives the bodies of what production answered with success, as they were sent, each once', async () => {
    const objects = new MemoryObjects();
    objects.put(`${PREFIX}day=2026-11-27/hour=10/a`, await write([
      record(1), record(1), record(2, { role: 'candidate', variant: 'candidate' }), record(3, { role: 'shadow', variant: 'next' }), record(4, { status: 424, outcome: 'model' }),
      record(5, { status: 400 }), record(6, { alias: 'beta' }), record(7, { endpoint: 'spam' }), record(8, { request: undefined, requestOmitted: 'too large' }), feedback(1, 'fraud'),
    ]));
    objects.put(`${PREFIX}day=2026-11-26/hour=23/b`, await write([record(9)]));
    expect((await requests(objects, format)).sort((a, b) => String(a.text).localeCompare(String(b.text)))).toEqual([1, 9].map((row) => ({ text: `{"row":${row},"id":12345678901234567890}`, contentType: 'application/json' })));
  });

  test('has labels where they were sent back, in whatever file', async () => {
    const objects = new MemoryObjects();
    objects.put(`${PREFIX}day=2026-11-26/hour=10/a`, await write([record(1), record(2)]));
    objects.put(`${PREFIX}day=2026-11-27/hour=10/b`, await write([feedback(1, 'fraud')]));
    const found = await requests(objects, format, { labels: true, wanted: 1 });
    expect(found.map(({ label }) => label)).toEqual(['fraud', undefined]);
  });

  test('is read as far back as it was told, and no later than the replay began', async () => {
    const objects = new MemoryObjects();
    const file = await write([record(1)]);
    objects.put(`${PREFIX}day=2026-11-19/hour=10/old`, file);
    objects.put(`${PREFIX}day=2026-11-27/hour=12/late`, file, NOW + 1);
    objects.put('inference-log/other/Log/records/day=2026-11-27/hour=10/others', file);
    expect(await requests(objects, format)).toEqual([]);
    objects.put(`${PREFIX}day=2026-11-20/hour=10/still`, file);
    expect(await requests(objects, format)).toHaveLength(1);
  });
});

test('files are read until there are enough requests, from all hours, and the same ones by whoever asks again', async () => {
  const objects = new MemoryObjects();
  for (let hour = 0; hour < 100; hour++) {
    const at = new Date(NOW - (hour + 1) * 3_600_000).toISOString();
    objects.put(`${PREFIX}day=${at.slice(0, 10)}/hour=${at.slice(11, 13)}/file`, await writers.json(Array.from({ length: 10 }, (_, row) => record(100 * hour + row))));
  }
  const first = await requests(objects, 'json', { wanted: 50 });
  expect(objects.reads).toBeLessThan(20);
  expect(first.length).toBeGreaterThanOrEqual(50);
  expect(await requests(objects, 'json', { wanted: 50 })).toEqual(first);
  const hours = first.map(({ text }) => Math.floor((JSON.parse(String(text)) as { row: number }).row / 100));
  expect(Math.max(...hours)).toBeGreaterThan(60);
  expect(Math.min(...hours)).toBeLessThan(40);
});

describe('what a rollout replays of it', () => {
  const state = (days = 7): RolloutState => ({ id: 'rollout-1', alias: 'fraud/live', plan: { replay: { source: source('json', days), requests: 20, labelPath: '$.label' } } }) as unknown as RolloutState;

  test('is the same for every piece of the replay, whatever is logged meanwhile', async () => {
    const objects = new MemoryObjects();
    objects.put(`${PREFIX}day=2026-11-27/hour=10/a`, await writers.json([...Array.from({ length: 50 }, (_, row) => record(row)), feedback(3, 'x')]), NOW - 1);
    const loaded = await new RecordedRequests(objects).of(state(), NOW);
    expect(loaded).toMatchObject({ total: 20, digest: expect.stringMatching(/^[0-9a-f]{16}$/) });
    objects.put(`${PREFIX}day=2026-11-27/hour=12/b`, await writers.json([record(99)]), NOW + 60_000);
    // Another instance of the function.
    const again = await new RecordedRequests(objects).of(state(), NOW);
    expect(again.digest).toBe(loaded.digest);
    expect(Array.from({ length: 20 }, (_, index) => Buffer.from(again.at(index).body).toString())).toEqual(
      Array.from({ length: 20 }, (_, index) => Buffer.from(loaded.at(index).body).toString()),
    );
  });

  test('is waited for while the log has none, because records are on their way for minutes', async () => {
    await expect(new RecordedRequests(new MemoryObjects()).of(state(), NOW)).rejects.toMatchObject({
      name: 'Error', message: `the log at s3://log/${PREFIX} has no request with its body, of those that production answered in the last 7 days`,
    });
  });
});
