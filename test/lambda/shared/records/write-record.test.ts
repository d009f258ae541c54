import { type FeedbackRecord, RECORD_BYTES, RecordMark } from '../../../../lib/core/inference-log/record';
import { writeRecord } from '../../../../lambda/shared/records/write-record';

const record = (label: string): FeedbackRecord => ({
  modelRollout: RecordMark.FEEDBACK, time: '2026-01-01T00:00:00.000Z', endpoint: 'fraud', alias: 'live', inferenceId: 'id', variant: 'production', role: 'production',
  version: 'v1', outcomeTime: '2026-01-01T00:00:00.000Z', label, correction: false,
});

function written(label: string): { lines: string[]; failures: unknown[] } {
  const lines: string[] = [];
  const failures: unknown[] = [];
  writeRecord(record(label), { write: (line) => lines.push(line), onFailure: (details) => failures.push(details) });
  return { lines, failures };
}

test('a record is one line, to the byte that a log takes', () => {
  const room = RECORD_BYTES - Buffer.byteLength(`${JSON.stringify(record(''))}\n`);
  const { lines, failures } = written('x'.repeat(room));
  expect(lines.map((line) => [line.length, line.indexOf('\n') === line.length - 1])).toEqual([[RECORD_BYTES, true]]);
  expect(failures).toEqual([]);
});

test('fails as a whole if it is longer, in bytes and not in characters', () => {
  expect(written('é'.repeat(RECORD_BYTES / 2))).toEqual({ lines: [], failures: [{ alias: 'live', inferenceId: 'id', problem: 'too large' }] });
});
