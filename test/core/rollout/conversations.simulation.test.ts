import { estimateOverdispersion, type HistoryPeriod } from '../../../lib/core/judge/overdispersion';
import { type MetricSource, sourceKey } from '../../../lib/core/guardrails/sources';
import { judgedTime, judgeRollout } from '../../../lib/core/rollout/judge-rollout';
import type { Series } from '../../../lib/core/rollout/series';
import { guardrailSources, requestSources } from '../../../lib/core/rollout/sources';
import { type Random, randomOf } from '../../../rehearsal/engine/random';
import { plan } from '../../fixtures/plan';
import { route, variant } from '../../fixtures/serving';

// Conversations that stay with their version, as routers count them, under the judge: requests of one hang together, and a few people send
// most of them.

const MINUTE = 60_000;
const START = 1_700_000_040_000;
const DAY_MINUTES = 1_440;

interface World {
  /** Conversations that begin in a minute. */
  readonly perMinute: number;
  /** Part of them that is of people who send much and fail often. */
  readonly heavy: { readonly part: number; readonly turns: number; readonly errorRate: number };
  /** Later requests of a conversation fail so much more often: longer contexts. */
  readonly ageing: number;
}

interface Conversation {
  /** Minutes. */
  readonly opened: number;
  readonly turns: readonly { readonly at: number; readonly failed: boolean }[];
}

const TURNS = 5;
const ERROR_RATE = 0.01;

/** Conversations that begin from one minute until another. */
function conversationsOf({ perMinute, heavy, ageing }: World, from: number, until: number, random: Random): Conversation[] {
  return Array.from({ length: until - from }, (_, minute) => minute + from).flatMap((minute) =>
    Array.from({ length: random.poisson(perMinute) }, (): Conversation => {
      const opened = minute + random.uniform();
      const isHeavy = random.uniform() < heavy.part;
      const mean = isHeavy ? heavy.turns : TURNS;
      // Geometric, one at least, half a minute apart.
      const count = 1 + Math.floor(Math.log(random.uniform()) / Math.log(1 - 1 / mean));
      const rate = isHeavy ? heavy.errorRate : ERROR_RATE;
      return {
        opened,
        turns: Array.from({ length: count }, (__, turn) => ({
          at: opened + (turn === 0 ? 0 : (turn + random.uniform()) / 2),
          failed: random.uniform() < Math.min(1, rate * (1 + (ageing * turn) / TURNS)),
        })),
      };
    }),
  );
}

/** What production's last day says, as the controller learns it. */
function dispersionOf(world: World, random: Random): number {
  const minutes = Array.from({ length: DAY_MINUTES }, (): { total: number; bad: number } => ({ total: 0, bad: 0 }));
  for (const { at, failed } of conversationsOf(world, 0, DAY_MINUTES, random).flatMap(({ turns }) => turns)) {
    const minute = minutes[Math.floor(at)];
    if (minute !== undefined) {
      minute.total++;
      minute.bad += Number(failed);
    }
  }
  return estimateOverdispersion(minutes as HistoryPeriod[]) ?? 1;
}

const BAKE = 15;
const stages = [5, 25, 50].map((percent) => ({ percent, bakeSeconds: BAKE * 60, approval: false }));

/** What the judge says in the end, having looked every minute. */
function verdictOf(world: World, worse: number, overdispersion: number, random: Random): string {
  const state = {
    alias: 'chat/live',
    plan: plan({
      stages, guardrails: [{ kind: 'errors', name: 'errors', action: 'rollback' }], settlingSeconds: 60,
      judgement: { alpha: 0.01, sampleRatio: { tolerance: 0.1, alpha: 0.001 }, uncertified: { afterSeconds: 600, policy: 'pause' } },
    }),
    production: variant('production', { version: 'v1' }), candidate: variant('candidate', { version: 'v2', role: 'candidate' }),
    promoted: route([variant('production', { version: 'v2' })], { assignment: { source: 'session', lifetimeSeconds: 28_800 } }),
    shares: stages.map((_, stage) => ({ stage, from: START + stage * BAKE * MINUTE, until: START + (stage + 1) * BAKE * MINUTE })),
    baseline: { thresholds: {}, overdispersion: { errors: overdispersion }, frequent: [], notes: [] },
    stage: 0,
  } as const;
  const [errors] = guardrailSources(state);
  const side = (source: MetricSource): { readonly key: string; readonly at: Map<number, number> } =>
    ({ key: sourceKey(source), at: new Map() });
  const counts = [
    requestSources(state),
    { candidate: errors.candidate.total, production: errors.production.total },
    { candidate: errors.candidate.parts[0], production: errors.production.parts[0] },
  ].map(({ candidate, production }) => ({ candidate: side(candidate), production: side(production) }));
  const add = (which: number, of: 'candidate' | 'production', minute: number, by: number): void => {
    const { at } = counts[which][of];
    at.set(START + minute * MINUTE, (at.get(START + minute * MINUTE) ?? 0) + by);
  };
  for (const { opened, turns } of conversationsOf(world, -60, BAKE * stages.length, random)) {
    const share = opened < 0 ? 0 : stages[Math.min(stages.length - 1, Math.floor(opened / BAKE))].percent / 100;
    const of = random.uniform() < share ? 'candidate' : 'production';
    for (const [index, { at, failed }] of turns.entries()) {
      const step = Math.floor(at / BAKE);
      // What began before the step is counted apart, at both.
      if (at >= 0 && step < stages.length && opened >= step * BAKE) {
        const minute = Math.floor(at);
        add(0, of, minute, Number(index === 0));
        add(1, of, minute, 1);
        add(2, of, minute, Number(failed || (of === 'candidate' && random.uniform() < (worse - 1) * ERROR_RATE)));
      }
    }
  }
  const series = new Map<string, Series>(
    counts.flatMap(({ candidate, production }) => [candidate, production].map(({ key, at }): [string, Series] => [key, at])),
  );
  for (let minute = 3; minute <= BAKE * stages.length; minute++) {
    const stage = Math.min(stages.length - 1, Math.floor((minute - 1) / BAKE));
    const known = { ...state, stage, shares: state.shares.slice(0, stage + 1) };
    const time = judgedTime(known, START + minute * MINUTE + 60_000)!;
    const { verdict, sentence } = judgeRollout(known, series, { ...time, until: Math.min(time.until, START + minute * MINUTE) });
    if (verdict === 'roll back' || verdict === 'invalid') {
      return `${verdict} at ${minute}: ${sentence}`;
    }
  }
  return 'promoted';
}

const usual: World = { perMinute: 60, heavy: { part: 0.02, turns: 60, errorRate: 0.2 }, ageing: 0 };

test.each<[string, World]>([
  ['of people who send much and fail often', usual],
  ['that fail more the longer they are', { ...usual, ageing: 1 }],
  ['of which one fails for a quarter of an hour', { ...usual, heavy: { part: 0.005, turns: 30, errorRate: 1 } }],
  ['that are few', { ...usual, perMinute: 10 }],
])('a candidate as good as production is rolled back no more often than is promised in conversations %s', (_, world) => {
  const random = randomOf(7);
  const learnt = [1, 2, 3].map((seed) => dispersionOf(world, randomOf(seed)));
  const runs = 200;
  const verdicts = Array.from({ length: runs }, (__, run) => verdictOf(world, 1, learnt[run % learnt.length], random));
  const stopped = verdicts.filter((verdict) => verdict !== 'promoted');
  // 1 % is promised, and 0.1 % of the split: two of two hundred, and three standard deviations more.
  expect(stopped.length).toBeLessThanOrEqual(6);
});

test('a candidate that fails nine requests in a hundred instead of five is found nearly always', () => {
  const random = randomOf(8);
  const learnt = dispersionOf(usual, randomOf(1));
  const verdicts = Array.from({ length: 40 }, () => verdictOf(usual, 5, learnt, random));
  expect(verdicts.filter((verdict) => verdict.startsWith('roll back')).length).toBeGreaterThanOrEqual(34);
});
