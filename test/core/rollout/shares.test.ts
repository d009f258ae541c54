import { beginStage, extendLease, stageOf } from '../../../lib/core/rollout/shares';
import type { ShareSpan } from '../../../lib/core/rollout/state';

const LEASE = 180_000;
const stages = [5, 50].map((percent) => ({ percent, bakeSeconds: 600, approval: false }));

test('a lease that is renewed in time is one span, a lease that ran out begins another', () => {
  let spans: ShareSpan[] = beginStage([], 0, 1_000, 1_000 + LEASE);
  spans = extendLease(spans, 61_000 + LEASE, LEASE);
  expect(spans).toEqual([{ stage: 0, from: 1_000, until: 61_000 + LEASE }]);
  expect(extendLease(spans, 61_000 + LEASE, LEASE)).toEqual(spans);
  expect(extendLease(spans, undefined, LEASE)).toEqual(spans);
  spans = extendLease(spans, 600_000 + LEASE, LEASE);
  expect(spans).toEqual([{ stage: 0, from: 1_000, until: 61_000 + LEASE }, { stage: 0, from: 600_000, until: 600_000 + LEASE }]);
  // The same task again begins no second stage.
  expect(beginStage(beginStage(spans, 1, 700_000, 880_000), 1, 701_000, 881_000)).toHaveLength(3);
});

test('a period has a share only while one share held for all of it, for every router', () => {
  const spans = [{ stage: 0, from: 10_000, until: 200_000 }, { stage: 1, from: 150_000, until: 400_000 }];
  const of = (start: number, end: number): ReturnType<typeof stageOf> => stageOf(spans, { stages }, start, end);
  expect(of(10_000, 70_000)).toEqual({ step: 0 });
  expect(of(15_000, 75_000)).toEqual({ step: 0, share: 0.05 });
  expect(of(100_000, 160_000)).toEqual({ step: 0 });
  expect(of(152_000, 212_000)).toEqual({ step: 0 });
  expect(of(160_000, 220_000)).toEqual({ step: 1, share: 0.5 });
  expect(of(380_000, 440_000)).toEqual({ step: 1 });
});

test('leases that run out for ever do not fill the table, and the start is kept', () => {
  let spans: ShareSpan[] = beginStage([], 0, 0, LEASE);
  for (let i = 1; i < 1_000; i++) {
    spans = extendLease(spans, 1_000_000 * i + LEASE, LEASE);
  }
  expect(spans).toHaveLength(200);
  expect(spans[0]).toEqual({ stage: 0, from: 0, until: LEASE });
});
