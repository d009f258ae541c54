import { aliasStatus, hiddenStatus, type StatusDocument } from '../documents/status-document';
import { CliError } from '../exit';
import type { Connection } from './connection';
import { Records } from './records';
import type { RolloutStack } from './stack';

/** A stack, and the way to it. */
export interface OpenStack {
  readonly connection: Connection;
  readonly stack: RolloutStack;
}

/** What the records of aliases say now. */
export async function readStatus(
  { connection, stack }: OpenStack,
  aliases: readonly string[],
): Promise<StatusDocument> {
  const records = new Records(connection, stack);
  const read = await Promise.all(aliases.map((alias) => records.ofAlias(alias).catch(denial)));
  const denials = read.filter((records) => records instanceof CliError);
  if (denials.length === aliases.length) {
    throw denials[0];
  }
  const now = Date.now();
  const found = aliases.map((alias, index) => {
    const records = read[index];
    return records instanceof CliError ? hiddenStatus(alias, records.message) : aliasStatus(alias, records, now);
  });
  const problems = found.flatMap((alias) => alias.problems);
  return {
    schema: 1,
    ok: problems.length === 0,
    command: 'status',
    stack: stack.name,
    region: stack.region,
    at: new Date(now).toISOString(),
    aliases: found,
    ...(problems.length === 0
      ? {}
      : { error: { code: problems.length === denials.length ? denials[0].code : 'RECORD_UNREADABLE', message: problems.join('; ') } }),
  };
}

/** Whoever may read one alias need not be allowed to read the others: what is denied does not hide the rest. */
function denial(error: unknown): CliError {
  if (error instanceof CliError && error.code === 'NO_PERMISSION') {
    return error;
  }
  throw error;
}
