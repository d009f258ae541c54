import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A row of the test data. */
export interface Row {
  readonly pixels: number[];
  readonly label: number;
}

/** 600 rows that the models have not seen. */
export const rows = JSON.parse(readFileSync(join(__dirname, 'data', 'test.json'), 'utf8')) as Row[];
