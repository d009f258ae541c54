import type { Command } from 'commander';
import { InvalidRouteError, parseRoute } from '../../../lib/core/routing/parse';
import type { Mirror } from '../../../lib/core/routing/route';
import { Comparisons, type TimeWindow } from '../aws/comparisons';
import { Records } from '../aws/records';
import { pickAlias } from '../aws/stack';
import { type CompareDocument, type ShadowComparison, sumOf, worstOf } from '../documents/compare-document';
import { CliError, Exit } from '../exit';
import { wholeNumber } from './numbers';
import { nonEmpty, type Shell, type StackOptions } from './shell';
import { renderCompare } from '../view/compare';

interface CompareOptions extends StackOptions {
  readonly shadow?: string;
  readonly hours: number;
  readonly worst: number;
}

const DEFAULT_HOURS = 24;
const DEFAULT_WORST = 10;
/** CloudWatch keeps hourly values for 455 days. */
const MOST_HOURS = 455 * 24;
/** A longer time is shown by days. */
const HOURLY = 72;
const HOUR_SECONDS = 3_600;

export function registerCompare(program: Command, shell: Shell): void {
  shell
    .command<CompareOptions>(
      program,
      'compare',
      'how often shadows agree with production, and where they differ most',
      async (options, given) => {
        if (options.hours > MOST_HOURS) {
          throw new CliError(
            Exit.USAGE,
            'WINDOW_TOO_LONG',
            `--hours is ${options.hours}, but CloudWatch keeps the counts for ${MOST_HOURS} hours`,
          );
        }
        const { connection, stack } = await shell.open(options);
        const alias = pickAlias(stack, given);
        const mirrors = await mirrorsOf(new Records(connection, stack), alias, options.shadow);
        const window = windowOf(options.hours, Date.now());
        const comparisons = new Comparisons(connection);
        const shadows: ShadowComparison[] = [];
        for (const mirror of mirrors) {
          const periods = await comparisons.counts(alias, mirror, window);
          const { found, more, note } = await comparisons.disagreements(mirror, window);
          shadows.push({
            shadow: mirror.name,
            version: mirror.version,
            sampleRate: mirror.sampleRate,
            total: sumOf(periods),
            periods,
            worst: worstOf(found, options.worst),
            looked: found.length,
            more,
            notes: note === undefined ? [] : [note],
          });
        }
        if (shadows.every(({ total }) => total.comparisons === 0)) {
          const dropped = shadows.reduce((sum, { total }) => sum + total.dropped, 0);
          throw new CliError(
            Exit.NOT_FOUND,
            'NO_COMPARISONS',
            `${alias} has no comparison in the last ${options.hours} h${
              dropped > 0
                ? `, and ${dropped} requests were dropped: see the dashboard of the shadow`
                : ': nothing was mirrored, its metrics are minutes late, or --hours is too short'
            }`,
          );
        }
        const document: CompareDocument = {
          schema: 1,
          ok: true,
          command: 'compare',
          stack: stack.name,
          region: stack.region,
          alias,
          from: new Date(window.from).toISOString(),
          to: new Date(window.until).toISOString(),
          shadows,
        };
        return { document, text: renderCompare(document, shell.paint), exit: Exit.OK };
      },
    )
    .option('--shadow <name>', 'only this one (default: all of the alias)', nonEmpty)
    .option('--hours <n>', 'how far to look back', wholeNumber, DEFAULT_HOURS)
    .option('--worst <n>', 'how many of the worst disagreements', wholeNumber, DEFAULT_WORST);
}

async function mirrorsOf(records: Records, alias: string, wanted: string | undefined): Promise<readonly Mirror[]> {
  const { route: stored } = await records.ofAlias(alias);
  if (stored === undefined) {
    throw new CliError(Exit.FAILED, 'RECORD_UNREADABLE', `${alias} has no route record`);
  }
  let mirrors: readonly Mirror[];
  try {
    mirrors = parseRoute(stored.json, stored.revision).mirrors ?? [];
  } catch (error) {
    if (!(error instanceof InvalidRouteError)) {
      throw error;
    }
    throw new CliError(Exit.FAILED, 'RECORD_UNREADABLE', `the route record of ${alias} cannot be read: ${error.message}`);
  }
  if (mirrors.length === 0) {
    throw new CliError(Exit.NOT_FOUND, 'NO_MIRROR', `${alias} has no shadow: add a ShadowMirror to its stack`);
  }
  if (wanted === undefined) {
    return mirrors;
  }
  const found = mirrors.filter(({ name }) => name === wanted);
  if (found.length === 0) {
    throw new CliError(
      Exit.NOT_FOUND,
      'SHADOW_NOT_FOUND',
      `${alias} has no shadow ${wanted}; there ${mirrors.length === 1 ? 'is' : 'are'} ${mirrors.map(({ name }) => name).join(', ')}`,
    );
  }
  return found;
}

/** Whole periods, the present one included. */
function windowOf(hours: number, now: number): TimeWindow {
  const periodSeconds = hours > HOURLY ? 24 * HOUR_SECONDS : HOUR_SECONDS;
  const floor = (time: number): number => Math.floor(time / (periodSeconds * 1_000)) * periodSeconds * 1_000;
  return { from: floor(now - hours * HOUR_SECONDS * 1_000), until: floor(now) + periodSeconds * 1_000, periodSeconds };
}
