import type { RolloutPlan } from '../../../lib/core/rollout/plan';
import type { EvidenceGuardrailPlan } from '../../../lib/core/guardrails/kinds';
import { plan } from '../../fixtures/plan';
import { ALIAS, healthy, World } from '../../fixtures/world';
import { follow, run } from '../../fixtures/run';
import { type Behaviour, Traffic } from '../../fixtures/traffic';

/**
 * What a rollout does as time passes: the synthesized machine with the real tasks, gate, abort and orders, over tables in memory and in
 * virtual time.
 */

const SECOND = 1_000;
const MINUTE = 60_000;
const triggered = [{ name: 'errors', action: 'rollback' as const, status: 'triggered' as const, detail: 'alarm errors is in ALARM' }];
const unreadable = [{ name: 'errors', action: 'rollback' as const, status: 'unknown' as const, detail: 'throttled', unreadable: true }];

/** Walks a rollout to its end; seconds for which callers met the candidate with each share, by the route as routers see it. */
async function held(
  world: World,
  planned: RolloutPlan,
  onWait: () => Promise<void> = async () => {},
): Promise<{ [percent: string]: number }> {
  const seconds: { [percent: string]: number } = {};
  await run(world, planned, {
    onWait: async (waits) => {
      await onWait();
      const then = world.now;
      for (let second = 0; second < waits; second++) {
        world.now = then + second * SECOND;
        const { v2 = 0 } = await world.shares();
        seconds[v2] = (seconds[v2] ?? 0) + 1;
      }
      world.now = then;
    },
  });
  return seconds;
}

describe('only time with a share is bake time', () => {
  const steps = (percents: readonly number[]): Partial<RolloutPlan> => ({
    stages: percents.map((percent) => ({ percent, bakeSeconds: 600, approval: false })),
    deadlineSeconds: 2 * 3_600,
  });
  const endings: [string, (world: World, from: number) => void][] = [
    ['alarms that cannot be read', (world, from) => {
      world.evidence = () => ({
        ...healthy,
        guardrails: world.now > from + 2 * MINUTE && world.now < from + 11 * MINUTE ? unreadable : healthy.guardrails,
      });
    }],
    ['counts that cannot be read', (world, from) => {
      world.evidence = () =>
        world.now > from + 2 * MINUTE && world.now < from + 11 * MINUTE
          ? { ...healthy, candidate: undefined, production: undefined, recentRequests: undefined }
          : healthy;
    }],
    ['metrics that fall silent', (world, from) => {
      world.evidence = () => ({ ...healthy, recentRequests: world.now > from + 2 * MINUTE && world.now < from + 11 * MINUTE ? 0 : 2_000 });
    }],
  ];

  test.each(endings)('in a canary, when the share ended by %s', async (_, breakIt) => {
    const world = new World();
    breakIt(world, world.now);
    const seconds = await held(world, plan(steps([5, 95])));
    expect(await world.shares()).toEqual({ v2: 100 });
    expect(seconds['5']).toBeGreaterThanOrEqual(600);
    expect(seconds['95']).toBeGreaterThanOrEqual(600);
    expect(seconds['0']).toBeGreaterThan(300);
    expect(world.decisions().map(({ decision }) => decision.sentence)).toContainEqual(expect.stringMatching(/^holding at 5 %: baked for \d min of 10 min$/));
  });

  test.each(endings)('in a blue/green rollout, when the share ended by %s', async (_, breakIt) => {
    const world = new World();
    breakIt(world, world.now);
    const seconds = await held(world, plan({ kind: 'blue-green', ...steps([100]) }));
    expect(await world.shares()).toEqual({ v2: 100 });
    // The last minutes of the drain are the candidate's as production.
    expect(seconds['100']).toBeGreaterThanOrEqual(600 + 34);
  });

  test('and a controller that was away finds the clock where it left it', async () => {
    const world = new World();
    let away = false;
    await run(world, plan(steps([5, 95])), {
      onWait: async () => {
        if (!away && (await world.state())?.stage === 0) {
          away = true;
          world.now += 20 * MINUTE;
        }
      },
    });
    const [first, second] = world.decisions().map(({ decision }) => decision).filter(({ verdict }) => verdict === 'advance');
    // Of the twenty minutes away the lease of three counts.
    expect((second.at - first.at) / MINUTE).toBeGreaterThanOrEqual(20 + 7);
  });
});

describe('a fresh share settles before it counts', () => {
  const latency: EvidenceGuardrailPlan = { kind: 'latency', name: 'latency', action: 'rollback', quantiles: [0.5, 0.9, 0.99] };
  const errors: EvidenceGuardrailPlan = { kind: 'errors', name: 'errors', action: 'rollback' };
  const settling = (settlingSeconds: number): RolloutPlan =>
    plan({
      stages: [10, 95].map((percent) => ({ percent, bakeSeconds: 600, approval: false })),
      settlingSeconds,
      deadlineSeconds: 2 * 3_600,
      guardrails: [errors, latency],
      judgement: { alpha: 0.01, sampleRatio: { tolerance: 0.05, alpha: 0.001 }, uncertified: { afterSeconds: 600, policy: 'advance' } },
    });

  /** A candidate that answers as production does, but is as `fresh` for the first seconds after each change of its share. */
  async function afterEachChange(
    planned: RolloutPlan,
    fresh: Behaviour,
    seconds: number,
  ): Promise<{ result?: string; sentence: string; moves: string[]; minutes: number[] }> {
    const world = new World();
    const usual = { errors: 0.01, medianMs: 100 };
    let [share, changedAt] = [0, Infinity];
    world.db.written = (table, item) => {
      const { variants = [] } =
        table === 'routes' && item !== undefined ? (JSON.parse(item.route.S!) as { variants?: { version: string; weight: number }[] }) : {};
      const weight = variants.find(({ version }) => version === 'v2')?.weight ?? share;
      if (weight !== share) {
        [share, changedAt] = [weight, world.now];
      }
    };
    const traffic = new Traffic(world, {
      requestsPerSecond: 50,
      versions: { v1: usual, v2: (at) => (at < changedAt + seconds * SECOND ? fresh : usual) },
    });
    traffic.history('v1', 6);
    traffic.reachesController();
    await world.deploy('v1', { type: 'Create', plan: planned });
    await world.deploy('v2', { plan: planned, request: 'change' });
    await follow(world, { onWait: (waits) => traffic.advance(world.now + waits * SECOND) });
    const moves = world
      .decisions()
      .map(({ decision }) => decision)
      .filter(({ verdict }) => verdict !== 'hold');
    return {
      ...world.answers[0].outcome,
      moves: moves.map(({ verdict, percent }) => `${verdict} ${percent}`),
      minutes: moves.slice(1).map(({ at }, index) => (at - moves[index].at) / MINUTE),
    };
  }

  const cold: Behaviour = { errors: 0.01, medianMs: 300 };
  const failing: Behaviour = { errors: 0.2, medianMs: 100 };

  test.each([['slow', cold], ['failing', failing]])('environments that start, caches that fill: %s for a minute and a half after every step, and promoted', async (_, fresh) => {
    const { result, moves, minutes } = await afterEachChange(settling(120), fresh, 90);
    expect([result, moves]).toEqual(['promoted', ['advance 10', 'advance 95', 'promote 100']]);
    // Bake times begin after it.
    expect(minutes.every((length) => length >= 12)).toBe(true);
    // A minute and a half would be too little for a verdict by itself.
    expect((await afterEachChange(settling(0), fresh, 480)).result).toBe('rolled back');
  });

  test.each([['slower', cold, /slower than/], ['failing', failing, /errors/]])('what stays so is found all the same, in the first step: %s', async (_, fresh, sentence) => {
    const found = await afterEachChange(settling(120), fresh, 3_600);
    expect(found).toMatchObject({ result: 'rolled back', moves: ['advance 10', 'roll back 0'] });
    expect(found.sentence).toMatch(sentence);
  });

  test('what stays so from a later step on is found there', async () => {
    // Colder the larger the share: four minutes are more than settle.
    expect(await afterEachChange(settling(120), cold, 240)).toMatchObject({ result: 'rolled back' });
  });

  test('alarms are never left out: a candidate that breaks callers is rolled back while it settles', async () => {
    const world = new World();
    world.evidence = ({ stage }) => (stage < 0 ? healthy : { ...healthy, guardrails: triggered });
    const seconds = await held(world, plan({ settlingSeconds: 600 }));
    expect(await world.shares()).toEqual({ v1: 100 });
    expect(seconds['5']).toBeLessThanOrEqual(60);
  });

  test('people read what the rollout waits for', async () => {
    const world = new World();
    await run(world, plan({ settlingSeconds: 120 }));
    const sentences = world.decisions().map(({ decision }) => decision.sentence);
    expect(sentences).toContain('holding at 5 %: baked for 0 s of 5 min; a fresh share settles for 2 min before it counts');
    expect(sentences).toContain('holding at 50 %: baked for 60 s of 5 min');
  });
});

describe('before the candidate has had a request nobody holds it guilty', () => {
  test('an alarm that is on already rolls back, and the same version rolls out once it is off', async () => {
    const world = new World();
    world.evidence = () => ({ ...healthy, guardrails: triggered });
    await run(world, plan());
    expect(world.answers).toMatchObject([{ outcome: { result: 'rolled back', sentence: 'rolled back: guardrail errors: alarm errors is in ALARM' } }]);
    expect(await world.rollouts.rejection(ALIAS, 'v2')).toBeUndefined();
    world.evidence = () => healthy;
    await world.deploy('v2', { plan: plan(), request: 'again' });
    await follow(world);
    expect(await world.shares()).toEqual({ v2: 100 });
  });

  test.each(['a person', 'an alarm'])('an abort by %s', async (by) => {
    const world = new World();
    world.ready = () => ({ ready: false, failed: false, problem: 'the endpoint is Creating' });
    await run(world, plan(), { onWait: async () => { await world.order('abort', { by, reason: 'wait for the database' }); } });
    expect(world.answers).toMatchObject([{ outcome: { result: 'rolled back', sentence: `rolled back: aborted by ${by}: wait for the database` } }]);
    expect(await world.rollouts.rejection(ALIAS, 'v2')).toBeUndefined();
  });

  test('a test that the candidate itself fails, and an abort that has met traffic, reject it', async () => {
    const failed = new World();
    failed.ready = () => ({ ready: false, failed: true, problem: 'smoke test "one": status 500' });
    await run(failed, plan());
    const aborted = new World();
    await run(aborted, plan(), { onWait: async () => { await aborted.order('abort', { reason: 'wrong prices' }); } });
    expect(await failed.rollouts.rejection(ALIAS, 'v2')).toMatchObject({ reason: expect.stringContaining('status 500') as string });
    expect(await aborted.rollouts.rejection(ALIAS, 'v2')).toMatchObject({ reason: expect.stringContaining('wrong prices') as string });
  });
});

test.each([300, 1_800, 3_600])('with an interval of %d s the deadline is kept to the second, so that CloudFormation hears the reason', async (intervalSeconds) => {
  const world = new World();
  const planned = plan({ intervalSeconds, leaseSeconds: 3 * intervalSeconds, deadlineSeconds: 16_900, answer: 'wait-condition' });
  world.evidence = ({ stage }) => (stage < 0 ? healthy : { ...healthy, guardrails: [{ name: 'errors', action: 'hold', status: 'triggered', detail: 'slow' }] });
  const started = world.now;
  const waits: number[] = [];
  await run(world, planned, { onWait: async (seconds) => { waits.push(seconds); } });
  expect(world.answers[0]?.outcome.sentence ?? (await world.state())?.outcome?.sentence).toMatch(/the deadline of 4 h 42 min passed at 5 %/);
  expect(world.now - started).toBeLessThanOrEqual((planned.deadlineSeconds + planned.drainSeconds + 1) * SECOND);
  expect(waits.every(Number.isInteger)).toBe(true);
});

describe('what cannot end is not begun', () => {
  const office = [{ days: [1, 2, 3, 4, 5], fromMinute: 540, toMinute: 960, timeZone: 'Europe/Berlin' }];
  const inHours: Partial<RolloutPlan> = { windows: office, answer: 'wait-condition', deadlineSeconds: 42_800, settlingSeconds: 60 };

  /** Deployed on a Wednesday; the highest share that the candidate had, and hours until somebody heard of the end. */
  async function deployedAt(
    clock: string,
    overrides: Partial<RolloutPlan> = inHours,
  ): Promise<{ highest: number; hours: number; result?: string; sentence: string; rejected: boolean }> {
    const world = new World();
    world.now = Date.parse(`2026-11-25T${clock}:00+01:00`);
    const started = world.now;
    let highest = 0;
    await run(world, plan(overrides), {
      onWait: async () => {
        highest = Math.max(highest, (await world.shares()).v2 ?? 0);
      },
    });
    const { result, sentence } = world.answers[0]?.outcome ?? (await world.state())!.outcome!;
    return {
      highest,
      hours: (world.now - started) / 3_600_000,
      result,
      sentence,
      rejected: (await world.rollouts.rejection(ALIAS, 'v2')) !== undefined,
    };
  }

  test.each(['09:05', '15:30'])('in a window that stays open until its last step has begun: deployed at %s it is promoted', async (clock) => {
    expect(await deployedAt(clock)).toMatchObject({ result: 'promoted' });
  });

  test.each(['15:55', '16:30', '20:00'])('where the next window opens after the deadline: deployed at %s nobody meets it, and nobody waits for hours', async (clock) => {
    const told = await deployedAt(clock);
    expect(told).toMatchObject({ result: 'rolled back', highest: 0, rejected: false });
    expect(told.sentence).toMatch(/no time window before the deadline of 11 h 53 min is open for long enough: the last step begins 16 min after the first; deploy it while a window is open/);
    expect(told.hours).toBeLessThan(0.1);
  });

  test('where a later window comes in time it waits for that, without a share', async () => {
    const night = await deployedAt('15:55', { ...inHours, windows: [...office, { ...office[0], fromMinute: 1_200, toMinute: 1_380 }] });
    expect(night).toMatchObject({ result: 'promoted' });
    expect(night.hours).toBeGreaterThan(4);
    expect(night.hours).toBeLessThan(5);
  });

  test('with traffic that cannot suffice, by production\'s busiest hour', async () => {
    const world = new World();
    world.usual = 1 / 60;
    const started = world.now;
    await run(world, plan());
    expect(world.answers[0].outcome.sentence).toMatch(/^rolled back: there is too little traffic: production's busiest hour of the last day had 0\.017 requests a second, at which 50 requests at 5 % take 16 h 40 min and all steps .*, but the deadline is 50 min; have recorded requests replayed before traffic \(replay\), lower minRequests/);
    expect(world.now - started).toBeLessThanOrEqual(plan().drainSeconds * SECOND);
    expect(await world.rollouts.rejection(ALIAS, 'v2')).toBeUndefined();
    for (const [usual, overrides] of [[undefined, {}], [1, {}], [1 / 60, { tooFewRequests: 'advance' }], [1 / 60, { minimumRequests: 0 }]] as const) {
      const other = new World();
      other.usual = usual;
      await run(other, plan(overrides));
      expect(await other.shares()).toEqual({ v2: 100 });
    }
  });

  test('but somebody who promotes is asked no more', async () => {
    const world = new World();
    world.usual = 1 / 60;
    await world.deploy('v1', { type: 'Create', plan: plan() });
    await world.deploy('v2', { plan: plan(), request: 'change' });
    await world.order('promote');
    await follow(world);
    expect(await world.shares()).toEqual({ v2: 100 });
  });
});
