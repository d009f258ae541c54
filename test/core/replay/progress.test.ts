import fc from 'fast-check';
import { candidateFirst, replayOrder } from '../../../lib/core/replay/order';
import { NO_PAIRS, type ReplayTally } from '../../../lib/core/replay/pair';
import type { ReplayPlan } from '../../../lib/core/replay/plan';
import { isReplayed, newReplay, type ReplayChunk, replayPause, withChunk } from '../../../lib/core/replay/progress';

const plan: ReplayPlan = {
  source: { kind: 'object', bucket: 'b', key: 'k' }, requests: 1_000, requestsPerSecond: 5, concurrency: 2, warmUpRequests: 10, comparison: { kind: 'exact' },
  failureTolerance: 0.02, accuracyTolerance: 0.05, slowdown: 1.5, seconds: 230, alpha: 0.01, uncertified: 'advance',
};
const requests = { digest: 'a', total: 500, labelled: 0 };
const tally = (pairs: number): ReplayTally => ({ ...NO_PAIRS, pairs, compared: pairs, timed: pairs });
const chunk = (from: number, pairs: number, more: Partial<ReplayChunk> = {}): ReplayChunk => ({
  requests,
  from,
  done: from + pairs,
  tally: tally(pairs),
  at: 1_000,
  ...more,
});

test('chunks that come twice, late or again count once, in whatever order: the numbers are those of one run', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ size: fc.integer({ min: 0, max: 60 }), copies: fc.integer({ min: 1, max: 3 }), stale: fc.nat(5) }), {
        maxLength: 30,
      }),
      (given) => {
        let progress = newReplay(0);
        const sent: ReplayChunk[] = [];
        for (const { size, copies, stale } of given) {
          const next = chunk(progress.done, Math.min(size, requests.total - progress.done));
          sent.push(next);
          for (let copy = 0; copy < copies; copy++) {
            progress = withChunk(plan, progress, next);
            progress = withChunk(plan, progress, sent[Math.max(0, sent.length - 1 - stale)]);
          }
          expect(progress.tally.pairs).toBe(progress.done);
        }
        expect(isReplayed(progress)).toBe(progress.done === requests.total && progress.requests !== undefined);
      },
    ),
  );
});

test('what was certain once remains so, and another file begins anew', () => {
  let progress = withChunk(plan, newReplay(0), chunk(0, 400));
  expect(progress.certified).toEqual(['replayed failures', 'replayed latency']);
  progress = withChunk(plan, progress, chunk(400, 50, { tally: { ...tally(50), candidateFailed: 8, productionFailed: 0 } }));
  expect(progress.certified).toContain('replayed failures');
  const anew = withChunk(plan, progress, { ...chunk(0, 10), requests: { ...requests, digest: 'b' } });
  expect(anew).toMatchObject({ done: 10, tally: { pairs: 10 }, certified: ['replayed latency'], startedAt: 0, requests: { digest: 'b' } });
  // Of the other file, but from the middle: counted nowhere.
  expect(withChunk(plan, progress, { ...chunk(450, 10), requests: { ...requests, digest: 'b' } })).toMatchObject({ done: 0, tally: { pairs: 0 } });
});

test('whoever has no capacity is asked again after longer and longer, and soon again once it has', () => {
  let progress = newReplay(0);
  const pauses: number[] = [];
  for (let at = 0; at < 6; at++) {
    progress = withChunk(plan, progress, chunk(0, 0, { problem: 'no capacity', at }));
    pauses.push(replayPause(progress));
  }
  expect(pauses).toEqual([5, 10, 20, 40, 60, 60]);
  expect(progress.waits).toEqual({ problem: 'no capacity', since: 0, times: 6 });
  progress = withChunk(plan, progress, chunk(0, 20));
  expect(progress.waits).toBeUndefined();
  expect(replayPause(progress)).toBe(1);
});

test('what can never be replayed ends there', () => {
  const failed = withChunk(plan, newReplay(0), { ...chunk(0, 0), problem: 'line 3 is not valid JSON', failed: true });
  expect(failed.failed).toBe('line 3 is not valid JSON');
  expect(withChunk(plan, failed, chunk(0, 10))).toBe(failed);
});

test('the order is drawn by lot, the same for the same rollout, and each version is first in half of it', () => {
  const order = replayOrder('rollout-1', 5_000, 1_000);
  expect(replayOrder('rollout-1', 5_000, 1_000)).toEqual(order);
  expect(new Set(order).size).toBe(1_000);
  expect(order).not.toEqual(replayOrder('rollout-2', 5_000, 1_000));
  // From all parts of the file, at every time.
  expect(order.slice(0, 200).filter((place) => place < 2_500).length).toBeGreaterThan(70);
  expect(order.slice(0, 200).filter((place) => place >= 2_500).length).toBeGreaterThan(70);
  expect(order.filter((_, index) => candidateFirst(index))).toHaveLength(500);
});
