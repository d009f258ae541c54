import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { type EvidenceBundle, readBundle, verifyBundle } from '../../../lib/core/audit/verify';
import { parseState } from '../../../lib/core/rollout/parse';
import type { RolloutState } from '../../../lib/core/rollout/state';
import { Connection } from '../aws/connection';
import { type EvidenceAddress, EvidenceReader } from '../aws/evidence';
import { Records } from '../aws/records';
import { pickAlias } from '../aws/stack';
import { evidenceDocument } from '../documents/evidence-bundle-document';
import { CliError, Exit } from '../exit';
import { renderEvidence } from '../view/evidence';
import { evidencePage } from '../view/evidence-page';
import { type CommandResult, nonEmpty, type Shell, type StackOptions } from './shell';
import { writeOptionFile } from './write-file';

interface EvidenceOptions extends StackOptions {
  readonly rollout?: string;
  readonly verify?: boolean;
  readonly bucket?: string;
  readonly prefix: string;
  readonly from?: string;
  readonly publicKey?: string;
  readonly output?: string;
  readonly html?: string;
}

export function registerEvidence(program: Command, shell: Shell): void {
  shell
    .command<EvidenceOptions>(
      program,
      'evidence',
      'what a rollout was decided by, from its EvidenceStore: fetched, verified and judged again',
      (options, given) => evidence(shell, options, given),
    )
    .option('--rollout <id>', 'which rollout (default: the last one)', nonEmpty)
    .option('--verify', 'check signature and hashes, and judge every decision again from what was kept; 7 where something does not hold')
    .option('--output <file>', 'keep all of it in one file, which --from reads without AWS', nonEmpty)
    .option('--from <file>', 'read such a file in place of the bucket', nonEmpty)
    .option('--public-key <file>', 'the key to verify with, in PEM (default: KMS is asked for that of the key that is named)', nonEmpty)
    .option('--html <file>', 'write a page with plots, which needs no network', nonEmpty)
    .option('--bucket <name>', 'the bucket, where there is no stack any more; with --rollout and the whole alias', nonEmpty)
    .option('--prefix <prefix>', 'what keys in --bucket begin with', 'rollouts/');
}

async function evidence(shell: Shell, options: EvidenceOptions, given: string | undefined): Promise<CommandResult> {
  const { bundle, reader } = options.from === undefined ? await fetched(shell, options, given) : kept(options, options.from);
  const read = readable(() => readBundle(bundle));
  const key = options.verify === true && read.end !== undefined ? await publicKey(options, reader, read.end.key) : undefined;
  const checks = options.verify === true ? readable(() => verifyBundle(bundle, key)).checks : undefined;
  const document = evidenceDocument(read, checks);
  writeOptionFile(options.output, () => `${JSON.stringify(bundle)}\n`);
  writeOptionFile(options.html, () => evidencePage(document, read.records, bundle));
  const columns = shell.terminal.interactive ? shell.terminal.columns() : undefined;
  return {
    document,
    text: renderEvidence(document, read.records, shell.paint, columns),
    exit: document.ok ? Exit.OK : Exit.UNMET,
  };
}

interface Found {
  readonly bundle: EvidenceBundle;
  readonly reader: EvidenceReader;
}

async function fetched(shell: Shell, options: EvidenceOptions, given: string | undefined): Promise<Found> {
  const { connection, address } = options.bucket === undefined
    ? await ofStack(shell, options, given)
    : { connection: Connection.of(options), address: ofBucket(options, options.bucket, given) };
  const reader = new EvidenceReader(connection);
  return { reader, bundle: await reader.fetch(address) };
}

/** Where the last rollout of an alias keeps evidence, those before it kept it too. */
async function ofStack(
  shell: Shell,
  options: EvidenceOptions,
  given: string | undefined,
): Promise<{ readonly connection: Connection; readonly address: EvidenceAddress }> {
  const { connection, stack } = await shell.open(options);
  const alias = pickAlias(stack, given);
  const { state: json } = await new Records(connection, stack).ofAlias(alias);
  const state = json === undefined ? undefined : readable((): RolloutState => parseState(json));
  if (state?.plan.evidence === undefined) {
    throw new CliError(
      Exit.NOT_FOUND,
      'NO_EVIDENCE',
      state === undefined
        ? `${alias} has had no rollout`
        : `the rollout of ${alias} keeps no evidence: give it an EvidenceStore, or name the bucket of an earlier one with --bucket`,
    );
  }
  const id = options.rollout ?? state.id;
  return {
    connection,
    address: { ...state.plan.evidence, alias, id, ...(id === state.id && state.evidence?.head ? { head: state.evidence.head } : {}) },
  };
}

function ofBucket({ rollout: id, prefix }: EvidenceOptions, bucket: string, alias: string | undefined): EvidenceAddress {
  if (id === undefined || alias?.includes('/') !== true) {
    throw new CliError(
      Exit.USAGE,
      'BAD_OPTION',
      'with --bucket name the rollout with --rollout, and the alias whole, such as fraud/live: there is no stack to find them in',
    );
  }
  return { bucket, prefix, alias, id };
}

function kept(options: EvidenceOptions, file: string): Found {
  const bundle = readable(() => JSON.parse(readFileSync(file, 'utf8')) as EvidenceBundle);
  return { bundle, reader: new EvidenceReader(Connection.of(options)) };
}

function publicKey({ publicKey: file }: EvidenceOptions, reader: EvidenceReader, keyArn: string): Promise<string> | string {
  return file === undefined ? reader.publicKey(keyArn) : readable(() => readFileSync(file, 'utf8'));
}

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new CliError(Exit.FAILED, 'EVIDENCE_UNREADABLE', `the evidence cannot be read: ${(error as Error).message}`);
  }
}
