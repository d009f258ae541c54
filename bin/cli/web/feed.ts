import { parseStoredDecision, UnreadableRecordError } from '../../../lib/core/rollout/parse';
import { RolloutItem, type StoredDecision } from '../../../lib/core/rollout/state';
import { type OpenStack, readStatus } from '../aws/read-status';
import { Records } from '../aws/records';
import type { AliasStatus, RolloutStatus } from '../documents/status-document';
import { CliError } from '../exit';
import { gistOfAlias, renderAliasLine } from '../view/status';
import { readTraffic, type Traffic } from './traffic';
import { untilOf, type WatchDocument, type WatchedAlias, watchedAlias } from './watch-document';

const LOOK_MS = 5_000;
/** AWS that does not answer is not asked as often. */
const BLIND_LOOK_MS = 15_000;
/** CloudWatch has something new every minute, and every metric that is asked for is billed. */
const TRAFFIC_MS = 60_000;
/** When the last minute of a rollout is complete. */
const METRICS_LATE_MS = 180_000;

interface KnownDecisions {
  readonly rolloutId: string;
  /** Of how many the rollout's record told when they were read. */
  readonly number: number;
  readonly decided: readonly StoredDecision[];
}

interface KnownTraffic {
  readonly rolloutId: string;
  readonly at: number;
  readonly read: Promise<Traffic>;
}

/**
 * Reads what the page shows, when a page asks. Asked by several at once or again soon, it reads once: for each alias two items of
 * DynamoDB at a look, three after a rollback, a query when there is another decision, and two calls of CloudWatch a minute.
 */
export class Feed {
  private reading?: { readonly until: number; readonly document: Promise<WatchDocument> };
  private readonly decisions = new Map<string, KnownDecisions>();
  private readonly traffic = new Map<string, KnownTraffic>();
  /** What was told of each alias last. */
  private readonly gists = new Map<string, string>();
  private trouble?: string;

  /** @param tell is told in the terminal what happens: what a log would have */
  constructor(
    private readonly opened: OpenStack,
    private readonly aliases: readonly string[],
    private readonly tell: (line: string) => void,
  ) {}

  /** What is known, not older than a look. */
  read(): Promise<WatchDocument> {
    const now = Date.now();
    if (this.reading === undefined || now >= this.reading.until) {
      const reading = { until: now + LOOK_MS, document: this.look() };
      this.reading = reading;
      reading.document.catch(() => {
        if (this.reading === reading) {
          this.reading = { ...reading, until: now + BLIND_LOOK_MS };
        }
      });
    }
    return this.reading.document;
  }

  /** After an order nothing that was read before counts. */
  forget(): void {
    this.reading = undefined;
  }

  private async look(): Promise<WatchDocument> {
    try {
      const { stack, region, at, aliases } = await readStatus(this.opened, this.aliases);
      const watched = await Promise.all(aliases.map((status) => this.watched(status, Date.parse(at))));
      this.report(aliases);
      return { stack, region, at, aliases: watched };
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error);
      // That the first look failed is told by the end of the command.
      if (this.gists.size > 0 && this.trouble !== trouble) {
        this.tell(`The page shows nothing newer: ${trouble}`);
      }
      this.trouble = trouble;
      throw error;
    }
  }

  private report(aliases: readonly AliasStatus[]): void {
    if (this.trouble !== undefined) {
      this.tell('AWS answers again.');
      this.trouble = undefined;
    }
    for (const alias of aliases) {
      const gist = gistOfAlias(alias);
      if (this.gists.get(alias.alias) !== gist) {
        this.gists.set(alias.alias, gist);
        this.tell(renderAliasLine(alias));
      }
    }
  }

  private async watched(status: AliasStatus, now: number): Promise<WatchedAlias> {
    const { rollout } = status;
    if (rollout === undefined) {
      return watchedAlias(status, { decided: [] }, now);
    }
    const notes: string[] = [];
    // Whoever may not read one thing need not be kept from the rest.
    const noted = async <T>(what: string, work: Promise<T>): Promise<T | undefined> => work.catch((error: unknown) => {
      if (!(error instanceof CliError)) {
        throw error;
      }
      notes.push(`${what}: ${error.message}`);
      return undefined;
    });
    const [decided = [], traffic, rejected] = await Promise.all([
      noted('Decisions are not shown', this.decisionsOf(status.alias, rollout)),
      noted('Failures and latency are not shown', this.trafficOf(status, rollout, now)),
      noted('Whether another try must be allowed is not shown', this.isRejected(status.alias, rollout)),
    ]);
    return watchedAlias(status, { decided, traffic, notes, rejected }, now);
  }

  /** The decisions of a rollout, oldest first; asked for only when there is another one. */
  private async decisionsOf(alias: string, { id, decision }: RolloutStatus): Promise<readonly StoredDecision[]> {
    const known = this.decisions.get(alias);
    const before = known?.rolloutId === id ? known : undefined;
    const number = decision?.number ?? 0;
    if (before?.number === number) {
      return before.decided;
    }
    const newest = before?.decided.at(-1)?.decision.at;
    const read: StoredDecision[] = [];
    const records = new Records(this.opened.connection, this.opened.stack);
    for await (const { content } of records.contents(alias, RolloutItem.DECISIONS)) {
      const stored = storedDecision(content);
      if (stored !== undefined && (stored.rolloutId !== id || (newest !== undefined && stored.decision.at <= newest))) {
        break;
      }
      read.push(...(stored === undefined ? [] : [stored]));
    }
    const decided = [...before?.decided ?? [], ...read.reverse()];
    this.decisions.set(alias, { rolloutId: id, number, decided });
    return decided;
  }

  private async isRejected(alias: string, { status, to }: RolloutStatus): Promise<boolean> {
    return status === 'rolled back' && new Records(this.opened.connection, this.opened.stack).isRejected(alias, to);
  }

  private trafficOf(status: AliasStatus, rollout: RolloutStatus, now: number): Promise<Traffic> {
    const known = this.traffic.get(status.alias);
    const until = untilOf(rollout, now);
    if (known?.rolloutId === rollout.id && (now - known.at < TRAFFIC_MS || known.at > until + METRICS_LATE_MS)) {
      return known.read;
    }
    // With a control that was started anew, this is what the candidate is compared with.
    const control = status.variants.find(({ role }) => role === 'control');
    const versions = { production: control?.version ?? rollout.from, candidate: rollout.to };
    const read = readTraffic(this.opened.connection, status.alias, versions, { from: Date.parse(rollout.startedAt), until });
    this.traffic.set(status.alias, { rolloutId: rollout.id, at: now, read });
    return read;
  }
}

/** One record that a controller of another version wrote does not hide the others. */
function storedDecision(content: string): StoredDecision | undefined {
  try {
    return parseStoredDecision(content);
  } catch (error) {
    if (error instanceof UnreadableRecordError) {
      return undefined;
    }
    throw error;
  }
}
