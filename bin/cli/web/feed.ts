import { parseStoredDecision, UnreadableRecordError } from '../../../lib/core/rollout/parse';
import { RolloutItem, type StoredDecision } from '../../../lib/core/rollout/state';
import type { RolloutTrace } from '../../../page/rollout-charts';
import { type OpenStack, readStatus } from '../aws/read-status';
import { Records } from '../aws/records';
import { EntryCollector } from '../documents/history-document';
import type { AliasStatus, RolloutStatus } from '../documents/status-document';
import { CliError } from '../exit';
import { readTraffic } from './traffic';
import { ordersOf, type WatchDocument, type WatchedAlias } from './watch-document';

/** CloudWatch has something new every minute, and every metric that is asked for is billed. */
const TRAFFIC_MS = 30_000;
const ENTRIES = 60;

/** Reads what the page shows; asked by several pages at once, it reads once. */
export class Feed {
  private reading?: { readonly at: number; readonly document: Promise<WatchDocument> };
  private readonly decisions = new Map<string, Map<string, StoredDecision>>();
  private readonly traffic = new Map<string, { readonly at: number; readonly id: string; readonly read: ReturnType<typeof trafficOf> }>();

  constructor(
    private readonly opened: OpenStack,
    private readonly aliases: readonly string[],
    private readonly intervalMs: number,
  ) {}

  /** What is known, not older than the interval. */
  read(): Promise<WatchDocument> {
    if (this.reading === undefined || Date.now() - this.reading.at >= this.intervalMs) {
      this.reading = { at: Date.now(), document: this.look() };
    }
    return this.reading.document;
  }

  /** After an order nothing that was read before counts. */
  forget(): void {
    this.reading = undefined;
  }

  private async look(): Promise<WatchDocument> {
    const { stack, region, at, aliases } = await readStatus(this.opened, this.aliases);
    return { stack, region, at, aliases: await Promise.all(aliases.map((status) => this.watched(status, Date.parse(at)))) };
  }

  private async watched(status: AliasStatus, now: number): Promise<WatchedAlias> {
    const { rollout } = status;
    if (rollout === undefined) {
      return { status, decisions: [], notes: [], orders: [] };
    }
    const notes: string[] = [];
    const noted = async <T>(what: string, work: Promise<T>): Promise<T | undefined> => work.catch((error: unknown) => {
      if (!(error instanceof CliError)) {
        throw error;
      }
      notes.push(`${what}: ${error.message}`);
      return undefined;
    });
    const decided = await noted('decisions are not shown', this.decisionsOf(status.alias, rollout.id)) ?? [];
    const traffic = await noted('failures and latency are not shown', this.trafficOf(status, rollout, now));
    const collector = new EntryCollector(ENTRIES);
    [...decided].reverse().every((decision) => collector.add(decision));
    return {
      status,
      decisions: [...collector.result().decisions].reverse(),
      trace: traceOf(rollout, decided, traffic, now),
      notes,
      orders: ordersOf(rollout),
    };
  }

  /** The decisions of a rollout, oldest first; what was read once is not read again. */
  private async decisionsOf(alias: string, rolloutId: string): Promise<StoredDecision[]> {
    const known = this.decisions.get(alias) ?? new Map<string, StoredDecision>();
    this.decisions.set(alias, known);
    for await (const { item, content } of new Records(this.opened.connection, this.opened.stack).contents(alias, RolloutItem.DECISIONS)) {
      if (known.has(item)) {
        break;
      }
      try {
        const stored = parseStoredDecision(content);
        if (stored.rolloutId !== rolloutId) {
          break;
        }
        known.set(item, stored);
      } catch (error) {
        // One record that a controller of another version wrote does not hide the others.
        if (!(error instanceof UnreadableRecordError)) {
          throw error;
        }
      }
    }
    return [...known].filter(([, stored]) => stored.rolloutId === rolloutId).sort(([a], [b]) => (a < b ? -1 : 1)).map(([, stored]) => stored);
  }

  private trafficOf(status: AliasStatus, rollout: RolloutStatus, now: number): ReturnType<typeof trafficOf> {
    const known = this.traffic.get(status.alias);
    if (known !== undefined && known.id === rollout.id && (now - known.at < TRAFFIC_MS || known.at > Date.parse(rollout.outcome?.at ?? '') + 300_000)) {
      return known.read;
    }
    const read = trafficOf(this.opened, status, rollout, now);
    this.traffic.set(status.alias, { at: now, id: rollout.id, read });
    return read;
  }
}

function trafficOf({ connection }: OpenStack, status: AliasStatus, rollout: RolloutStatus, now: number): ReturnType<typeof readTraffic> {
  const control = status.variants.find(({ role }) => role === 'control');
  const until = rollout.outcome === undefined ? now : Date.parse(rollout.outcome.at);
  return readTraffic(
    connection, status.alias, { production: control?.version ?? rollout.from, candidate: rollout.to }, { from: Date.parse(rollout.startedAt), until },
  );
}

function traceOf(
  rollout: RolloutStatus, decided: readonly StoredDecision[], traffic: Pick<RolloutTrace, 'failures' | 'latency'> | undefined, now: number,
): RolloutTrace {
  const until = rollout.outcome === undefined ? now : Date.parse(rollout.outcome.at);
  const judged = decided.flatMap(({ decision: { at, evidence } }) => {
    const judgement = evidence.judgement ?? evidence.shadow?.judgement ?? evidence.replay;
    return judgement === undefined ? [] : [{ x: at / 1_000, y: judgement.logEvidence, threshold: judgement.logThreshold }];
  });
  const end = rollout.outcome && {
    x: until / 1_000, y: rollout.status === 'promoted' ? 100 : 0,
  };
  return {
    x: { kind: 'time', from: Date.parse(rollout.startedAt) / 1_000, until: until / 1_000 },
    shares: [
      { x: Date.parse(rollout.startedAt) / 1_000, y: 0 },
      ...decided.map(({ decision: { at, percent } }) => ({ x: at / 1_000, y: percent })),
      ...(end === undefined ? [] : [end]),
    ],
    // JSON, and so a record, has no minus infinity.
    ...(judged.length === 0 ? {} : { evidence: { points: judged.map(({ x, y }) => ({ x, y: y ?? 0 })), threshold: judged.at(-1)!.threshold } }),
    ...traffic,
  };
}
