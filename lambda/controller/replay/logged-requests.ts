import { gunzipSync } from 'node:zlib';
import { RecordMark } from '../../../lib/core/inference-log/record';
import { stringifyJson } from '../../../lib/core/json/json';
import { endpointAndAlias } from '../../../lib/core/names';
import type { ReplaySource } from '../../../lib/core/replay/plan';
import { uniform } from '../../../lib/core/sampling';
import type { Objects } from './objects';

type LogSource = Extract<ReplaySource, { kind: 'log' }>;

export interface LogReading {
  readonly objects: Objects;
  /** Id of the rollout, by which lots are drawn. */
  readonly rollout: string;
  readonly alias: string;
  /** Requests that are wanted. */
  readonly wanted: number;
  /** Labels are wanted too, wherever they are. */
  readonly labels: boolean;
  /** Epoch milliseconds. */
  readonly until: number;
}

/** A record in the columns of the log's table, whose names have no capitals. */
type Row = { readonly [column: string]: unknown };

const DAY_MS = 86_400_000;
/** Files that are read at the most, and at a time. */
const MOST_FILES = 1_000;
const FILES_AT_A_TIME = 8;
/** A larger one is left out: it would not fit into the function. */
const MOST_FILE_BYTES = 134_217_728;
const COLUMNS = ['modelrollout', 'endpoint', 'alias', 'inferenceid', 'role', 'status', 'outcome', 'request', 'label'];

/**
 * Requests of an alias from its inference log, as a file of golden requests: those with a body that production answered with success, each
 * once, with the labels that came.
 * Files are read in an order drawn by lot, so that all hours of the time have their part.
 */
export async function requestsOfLog(source: LogSource, reading: LogReading): Promise<Uint8Array> {
  const [endpoint, alias] = endpointAndAlias(reading.alias);
  const requests = new Map<string, string>();
  const labels = new Map<string, string>();
  const files = (await filesOf(source, reading)).slice(0, MOST_FILES);
  for (let from = 0; from < files.length && (reading.labels || requests.size < reading.wanted); from += FILES_AT_A_TIME) {
    const read = await Promise.all(files.slice(from, from + FILES_AT_A_TIME).map((key) => rowsOf(source, key, reading.objects)));
    for (const row of read.flat()) {
      const id = row.inferenceid;
      if (row.endpoint !== endpoint || row.alias !== alias || typeof id !== 'string') {
        continue;
      }
      if (reading.labels && row.modelrollout === RecordMark.FEEDBACK && typeof row.label === 'string') {
        labels.set(id, row.label);
      } else if (
        row.modelrollout === RecordMark.INFERENCE &&
        row.role === 'production' &&
        row.outcome === 'answer' &&
        Number(row.status) < 400 &&
        typeof row.request === 'string'
      ) {
        requests.set(id, row.request);
      }
    }
  }
  return Buffer.from(
    [...requests]
      .map(([id, text]) => stringifyJson({ text, contentType: 'application/json', ...(labels.has(id) ? { label: labels.get(id) } : {}) }))
      .join('\n'),
    'utf8',
  );
}

/** Keys of the log's files until then. */
async function filesOf({ bucket, prefix, days }: LogSource, { objects, rollout, until }: LogReading): Promise<string[]> {
  const files: string[] = [];
  for (let day = 0; day <= days; day++) {
    const folder = `${prefix}day=${new Date(until - day * DAY_MS).toISOString().slice(0, 10)}/`;
    files.push(
      ...(await objects.list(bucket, folder))
        .filter(({ bytes, at }) => bytes > 0 && bytes <= MOST_FILE_BYTES && at <= until)
        .map(({ key }) => key),
    );
  }
  return files.map((key) => ({ key, lot: uniform('replay files', rollout, key) })).sort((a, b) => a.lot - b.lot).map(({ key }) => key);
}

async function rowsOf({ bucket, format }: LogSource, key: string, objects: Objects): Promise<Row[]> {
  const bytes = await objects.read(bucket, key, MOST_FILE_BYTES);
  return format === 'parquet' ? parquetRows(bytes) : jsonRows(bytes);
}

async function parquetRows(bytes: Uint8Array): Promise<Row[]> {
  const { parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const metadata = await parquetMetadataAsync(file);
  // A file of before a column has not got it.
  const known = new Set(metadata.schema.map(({ name }) => name));
  return parquetReadObjects({ file, metadata, columns: COLUMNS.filter((name) => known.has(name)) });
}

/** A line that was cut is none. */
function jsonRows(bytes: Uint8Array): Row[] {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return Buffer.from(isGzip ? gunzipSync(bytes) : bytes).toString('utf8').split('\n').flatMap((line) => {
    try {
      const record = JSON.parse(line) as Row;
      return [Object.fromEntries(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value]))];
    } catch {
      return [];
    }
  });
}
