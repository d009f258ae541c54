import { RolloutStore } from '../../lambda/shared/records/rollout-store';
import { RouteRecords } from '../../lambda/shared/routes/route-records';
import type { Decision } from '../../lib/core/rollout/decision';
import { RolloutItem, type StoredDecision } from '../../lib/core/rollout/state';
import type { FoundRollout } from '../../rehearsal/assembly/found-rollout';
import { rehearse } from '../../rehearsal/engine/rehearse';
import { USUAL } from '../../lib/core/rehearsal/built-in';
import type { Scenario } from '../../lib/core/rehearsal/scenario';
import { MemoryDynamoDb } from '../../rehearsal/harness/memory-dynamodb';

const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);
const TABLE = 'rollouts';

/** What the emulator and its callers are like: two callers, models that do not fail, metrics and alarms carried within seconds. */
const EMULATED: Scenario = {
  ...USUAL,
  traffic: { ...USUAL.traffic, requestsPerSecond: 12 },
  production: { ...USUAL.production, errorRate: 0, latency: { medianMs: 80, p99Ms: 250 }, accuracy: 1 },
  candidate: { ...USUAL.candidate, errorRate: 0, latency: { medianMs: 80, p99Ms: 250 }, accuracy: 1 },
  metricDelaySeconds: 2,
  alarmEventSeconds: 1,
};

/** The moves of a rollout, `verdict percent`: its decisions but the holds. */
export function movesOf(decisions: readonly Decision[]): string[] {
  return decisions.filter(({ verdict }) => verdict !== 'hold').map(({ verdict, percent }) => `${verdict} ${percent}`);
}

/**
 * The moves that rehearsals of a deployed template make in the emulator's circumstances, from the decisions that their tables hold: one
 * sequence if chance has no say in it, else several.
 */
export async function rehearsedMoves(rollout: FoundRollout, change: Partial<Scenario> = {}): Promise<string[][]> {
  const sequences = new Map<string, string[]>();
  for (const seed of SEEDS) {
    const db = new MemoryDynamoDb();
    await rehearse(
      rollout,
      { ...EMULATED, ...change },
      { seed, stores: { routes: new RouteRecords(db), rollouts: new RolloutStore(db, TABLE) } },
    );
    const kept = db
      .items(TABLE)
      .filter(({ item }) => item.S!.startsWith(RolloutItem.DECISIONS))
      .sort((a, b) => (a.item.S! < b.item.S! ? -1 : 1));
    const moves = movesOf(kept.map(({ content }) => (JSON.parse(content.S!) as StoredDecision).decision));
    sequences.set(moves.join(), moves);
  }
  return [...sequences.values()];
}

/** A candidate that behaves otherwise. */
export function candidate(change: Partial<Scenario['candidate']>): Partial<Scenario> {
  return { candidate: { ...EMULATED.candidate, ...change } };
}
