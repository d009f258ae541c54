import { fewestForCertainty, judgeReplay } from '../../../lib/core/replay/judge-replay';
import { ReplayGuardrail, type ReplayPlan } from '../../../lib/core/replay/plan';
import { addTallies, NO_PAIRS, type Pair, type ReplayTally, tallyOf } from '../../../lib/core/replay/pair';
import { randomOf } from '../../../rehearsal/engine/random';

const plan: ReplayPlan = {
  source: { kind: 'object', bucket: 'b', key: 'k' }, requests: 1_000, requestsPerSecond: 5, concurrency: 2, warmUpRequests: 10, comparison: { kind: 'exact' },
  agreement: { bound: 0.05, margin: 0.1 }, failureTolerance: 0.02, accuracyTolerance: 0.05, slowdown: 1.5, seconds: 230, alpha: 0.01, uncertified: 'advance',
};

interface World {
  readonly errors: readonly [number, number];
  readonly differs: number;
  readonly slower: number;
  readonly wrong: readonly [number, number];
  readonly shared?: number;
}
const same: World = { errors: [0.01, 0.01], differs: 0.02, slower: 1, wrong: [0.1, 0.1] };

/** A replay of so many pairs, looked at again and again: whether it is found to do harm, and whether all was certain at its end. */
function replay(world: World, seed: number, pairs = 1_000): { harm: boolean; at: number; certified: Set<string>; tally: ReplayTally } {
  const random = randomOf(seed);
  const chance = (part: number): boolean => random.uniform() < part;
  let tally = NO_PAIRS;
  const certified = new Set<string>();
  for (let at = 1; at <= pairs; at++) {
    const bad = chance(world.shared ?? 0);
    // Hosts and requests differ, and each answer by itself.
    const pace = 100 * Math.exp(0.5 * random.normal());
    const side = (errors: number, wrong: number, slower: number): Pair['candidate'] =>
      ({ answered: !bad && !chance(errors), milliseconds: slower * pace * Math.exp(0.3 * random.normal()), right: !chance(wrong) });
    const [production, candidate] = [side(world.errors[0], world.wrong[0], 1), side(world.errors[1], world.wrong[1], world.slower)];
    const compared = chance(world.differs) ? { kind: 'differ' as const, difference: 1 } : { kind: 'agree' as const, difference: 0 };
    const outcome = production.answered && candidate.answered ? compared : undefined;
    tally = addTallies(tally, tallyOf({ production, candidate, ...(outcome && { outcome }) }, plan.slowdown));
    if (at % 25 === 0 || at === 10) {
      const judged = judgeReplay(plan, { tally, labelled: true, at: 1_700_000_000_000 });
      judged.guardrails.filter((each) => each.certified === true).forEach(({ name }) => certified.add(name));
      if (judged.verdict === 'roll back') {
        return { harm: true, at, certified, tally };
      }
    }
  }
  return { harm: false, at: pairs, certified, tally };
}

const runs = (world: World, count: number): ReturnType<typeof replay>[] => Array.from({ length: count }, (_, seed) => replay(world, seed));
const ALL = Object.values(ReplayGuardrail).sort();

test('a candidate as good as production is rolled back no more often than promised, however often one looks, and certain of all at the end', () => {
  const seen = runs(same, 200);
  // 1 % of 200 are 2; more than 7 come once in a thousand times.
  expect(seen.filter(({ harm }) => harm).length).toBeLessThanOrEqual(7);
  const complete = seen.filter(({ certified }) => [...certified].sort().join() === ALL.join());
  expect(complete.length / seen.length).toBeGreaterThan(0.6);
});

test('at the border of what is allowed it is no different: as much disagreement as is allowed, and as slow as is allowed', () => {
  const seen = runs({ ...same, errors: [0, 0], differs: 0.05, slower: 1.5 }, 200);
  expect(seen.filter(({ harm }) => harm).length).toBeLessThanOrEqual(7);
});

test('requests that fail both sides are no evidence, however many', () => {
  const seen = runs({ ...same, errors: [0, 0], shared: 0.4 }, 100);
  expect(seen.filter(({ harm }) => harm)).toEqual([]);
  expect(seen.every(({ tally }) => tally.bothFailed > 300 && tally.candidateFailed === 0)).toBe(true);
});

test.each<[string, Partial<World>, ReplayGuardrail, number]>([
  ['fails at 6 % of the requests', { errors: [0.01, 0.06] }, ReplayGuardrail.FAILURES, 1_000],
  ['fails at everything', { errors: [0.01, 1] }, ReplayGuardrail.FAILURES, 10],
  ['disagrees on 15 %', { differs: 0.15 }, ReplayGuardrail.AGREEMENT, 500],
  ['takes twice as long', { slower: 2 }, ReplayGuardrail.LATENCY, 200],
  ['is wrong twice as often', { wrong: [0.1, 0.2] }, ReplayGuardrail.ACCURACY, 1_000],
])('a candidate that %s is found nearly always', (_, harm, guardrail, within) => {
  const seen = runs({ ...same, ...harm }, 60);
  expect(seen.filter((each) => each.harm && each.at <= within).length).toBeGreaterThanOrEqual(57);
  expect(seen.filter((each) => each.certified.has(guardrail)).length).toBeLessThanOrEqual(3);
});

test('the sentence says what was found, in pairs', () => {
  const { tally } = replay({ ...same, errors: [0, 0.1], differs: 0 }, 1);
  const { sentence } = judgeReplay({ ...plan, agreement: undefined }, { tally, labelled: true, at: Date.UTC(2026, 10, 27) });
  expect(sentence).toMatch(/^replay: of \d+ pairs \d+ failed in the candidate alone, 0 in production alone; evidence .+ > 100 at 2026-11-27 00:00 UTC$/);
  expect(judgeReplay(plan, { tally: replay({ ...same, slower: 3 }, 1).tally, labelled: false, at: 0 }).sentence).toContain('pairs took the candidate more than 1.5 times as long, 52% allowed');
});

test('beyond its noise a candidate is judged by what production makes of the same requests the second time', () => {
  const noisy: ReplayPlan = { ...plan, agreement: { bound: 0.05, margin: 0.1, beyondNoise: true }, noiseShare: 1 };
  const tally = (disagreed: number): ReplayTally => ({
    ...NO_PAIRS,
    pairs: 1_000,
    compared: 1_000,
    disagreed,
    noise: 1_000,
    noiseDisagreed: 200,
    timed: 1_000,
  });
  const judged = (disagreed: number): string => judgeReplay(noisy, { tally: tally(disagreed), labelled: false, at: 0 }).verdict;
  expect(judged(200)).toBe('advance-permitted');
  expect(judged(400)).toBe('roll back');
});

test('how many requests certainty takes at the least is known beforehand', () => {
  const needed = fewestForCertainty(plan, true);
  expect(needed).toBeGreaterThan(150);
  expect(needed).toBeLessThan(300);
  const flawless = (pairs: number): ReplayTally => ({ ...NO_PAIRS, pairs, compared: pairs, timed: pairs, labelled: pairs });
  expect(judgeReplay(plan, { tally: flawless(needed), labelled: true, at: 0 }).verdict).toBe('advance-permitted');
  expect(judgeReplay(plan, { tally: flawless(needed - 1), labelled: true, at: 0 }).verdict).toBe('hold');
  expect(fewestForCertainty({ ...plan, failureTolerance: 0.001 }, false)).toBeGreaterThan(10 * needed);
  console.log(`certainty at the defaults takes ${needed} requests`);
});
