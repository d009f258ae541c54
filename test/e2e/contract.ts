import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pythonOfClients } from './http/clients-process';

/** A call of a service, and what it is answered. */
export interface Call {
  /** SageMaker where none is named. */
  readonly service?: string;
  readonly operation: string;
  readonly input: object;
  readonly output: object;
}

/** What is wrong with calls and answers, as AWS's own models of the services have it. */
export function faults(calls: readonly Call[]): unknown {
  return JSON.parse(execFileSync(pythonOfClients(), [join(__dirname, 'contract.py')], { input: JSON.stringify(calls), encoding: 'utf8' }));
}
