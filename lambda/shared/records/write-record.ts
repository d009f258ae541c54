import { lineOf, type LogRecord, RECORD_BYTES } from '../../../lib/core/inference-log/record';

export interface RecordPorts {
  /** Write a line to the function's log, at once. */
  readonly write: (line: string) => void;
  readonly onFailure: (details: { readonly [name: string]: unknown }) => void;
}

/** Write a record to the function's log: whole or not at all, because CloudWatch Logs would cut it. */
export function writeRecord(record: LogRecord, { write, onFailure }: RecordPorts): void {
  const line = `${lineOf(record)}\n`;
  if (Buffer.byteLength(line) > RECORD_BYTES) {
    onFailure({ alias: record.alias, inferenceId: record.inferenceId, problem: 'too large' });
    return;
  }
  write(line);
}
