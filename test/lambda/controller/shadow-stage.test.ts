import fc from 'fast-check';
import type { RolloutPlan, ShadowPlan } from '../../../lib/core/rollout/plan';
import type { AgreementPlan } from '../../../lib/core/guardrails/agreement';
import type { Mirror } from '../../../lib/core/routing/route';
import { verifyBundle } from '../../../lib/core/audit/verify';
import { EvidenceBucket, STORE } from '../../fixtures/evidence-store';
import { follow, type RunOptions } from '../../fixtures/run';
import { Traffic, type TrafficOptions } from '../../fixtures/traffic';
import { plan } from '../../fixtures/plan';
import { World } from '../../fixtures/world';

/** Shadow, then canary, then all of it: the real gate, machine, tasks and judging, over simulated requests in virtual time. */

const agreement: AgreementPlan = { kind: 'agreement', name: 'agreement', action: 'rollback', shadow: 'candidate', bound: 0.05, margin: 0.1 };

const shadow = (overrides: Partial<ShadowPlan> = {}): ShadowPlan => ({
  mirror: { name: 'candidate', version: 'v2', functionArn: 'mirror', sampleRate: 0.1, filters: [] },
  bakeSeconds: 600,
  guardrails: [agreement],
  judgement: { alpha: 0.005, uncertified: { afterSeconds: 600, policy: 'pause' } },
  ...overrides,
});

const shadowed = (overrides: Partial<RolloutPlan> = {}): RolloutPlan => plan({
  shadow: shadow(), deadlineSeconds: 4 * 3_600, guardrails: [{ kind: 'errors', name: 'errors', action: 'rollback' }],
  judgement: { alpha: 0.005, uncertified: { afterSeconds: 600, policy: 'advance' } }, ...overrides,
});

interface Seen { readonly minute: number; readonly stage: number; readonly v2: number; readonly mirrors: readonly Mirror[] }

async function rollout(
  differs: number | ((at: number) => number), { planned = shadowed(), options = {}, hooks = () => ({}) }: {
    planned?: RolloutPlan; options?: Partial<TrafficOptions>; hooks?: (world: World) => RunOptions;
  } = {},
): Promise<{ world: World; traffic: Traffic; seen: Seen[]; moves: string[]; sentence: string; result: string | undefined }> {
  const world = new World();
  const traffic = new Traffic(world, {
    requestsPerSecond: 20, versions: { v1: { errors: 0.01 }, v2: (at) => ({ errors: 0.01, differs: typeof differs === 'number' ? differs : differs(at) }) }, ...options,
  });
  traffic.history('v1', 6);
  traffic.reachesController();
  await world.deploy('v1', { type: 'Create', plan: planned });
  const started = world.now;
  await world.deploy('v2', { plan: planned, request: 'change' });
  const seen: Seen[] = [];
  const given = hooks(world);
  await follow(world, {
    ...given,
    onWait: async (seconds) => {
      await given.onWait?.(seconds);
      await traffic.advance(world.now + seconds * 1_000);
      seen.push({
        minute: (world.now - started) / 60_000,
        stage: (await world.state())?.stage ?? -1,
        v2: (await world.shares()).v2 ?? 0,
        mirrors: (await world.route())?.mirrors ?? [],
      });
    },
  });
  const decisions = world.decisions().map(({ decision }) => decision);
  return {
    world, traffic, seen,
    moves: decisions.filter(({ verdict }) => verdict !== 'hold').map(({ verdict, percent }) => `${verdict} ${percent}`),
    sentence: world.answers.at(-1)?.outcome.sentence ?? '', result: world.answers.at(-1)?.outcome.result,
  };
}

test('a candidate that agrees is a shadow first, and then goes the way of every canary', async () => {
  const { seen, moves, result, traffic, world } = await rollout(0.01);
  expect(moves).toEqual(['advance 5', 'advance 50', 'advance 95', 'promote 100']);
  expect(result).toBe('promoted');
  const before = seen.filter(({ stage }) => stage < 0);
  // Seen before the last wait of a minute.
  expect(before.at(-1)!.minute + 1).toBeGreaterThanOrEqual(10);
  expect(before.every(({ v2 }) => v2 === 0)).toBe(true);
  // Asked on a lease while the stage lasts, and not any more once the candidate has traffic.
  expect(before.at(-1)!.mirrors).toEqual([{ ...shadow().mirror, endsAt: expect.any(Number), rollout: world.started[0].name }]);
  expect(seen.filter(({ stage, mirrors }) => stage >= 0 && mirrors.length > 0)).toEqual([]);
  expect(traffic.compared).toBeGreaterThan(500);
  const advance = world.decisions().find(({ decision }) => decision.verdict === 'advance')!.decision;
  expect(advance.sentence).toMatch(/advancing from 0 % to 5 %: the candidate is ready.*shadow candidate: \d+ of [\d,]+ pairs disagree, 5% allowed/);
});

test('a candidate that does not agree is rolled back before any caller met it, and refused from then on', async () => {
  const { seen, moves, result, sentence, world } = await rollout(0.3);
  expect(moves).toEqual(['roll back 0']);
  expect(result).toBe('rolled back');
  expect(sentence).toMatch(/^rolled back: before any traffic, shadow candidate: \d+ of \d+ pairs disagree, 5% allowed/);
  expect(seen.every(({ v2 }) => v2 === 0)).toBe(true);
  expect((await world.route())!.mirrors).toBeUndefined();
  await expect(world.deploy('v2', { plan: shadowed(), request: 'again' })).rejects.toThrow(/was rejected .*pairs disagree/);
});

test('a candidate between what is allowed and what must be ruled out waits, and goes back at the deadline without being rejected', async () => {
  const { moves, sentence, seen, world } = await rollout(0.08, {
    planned: shadowed({ deadlineSeconds: 3_600, shadow: shadow({ guardrails: [{ ...agreement, bound: 0.08, margin: 0.0801 }] }) }),
  });
  expect(moves).toEqual(['roll back 0']);
  expect(sentence).toMatch(/the deadline of 1 h passed at 0 %: before any traffic, not certified 10 min after the bake time/);
  expect(seen.every(({ v2 }) => v2 === 0)).toBe(true);
  expect(await world.rollouts.rejection('fraud/live', 'v2')).toBeUndefined();
});

test.each([['rollback', 'roll back 0', /before any traffic, not certified/], ['advance', 'advance 5', /^promoted/]] as const)(
  'without certainty the stage does what it was told: %s', async (policy, first, message) => {
    const stage = shadow({
      guardrails: [{ ...agreement, bound: 0.08, margin: 0.0801 }],
      judgement: { alpha: 0.005, uncertified: { afterSeconds: 300, policy } },
    });
    const { moves, sentence } = await rollout(0.08, { planned: shadowed({ shadow: stage }) });
    expect(moves[0]).toBe(first);
    expect(sentence).toMatch(message);
  });

test('fails to be asked: a shadow that nobody hears of never gets traffic', async () => {
  const { moves, sentence } = await rollout(0, { planned: shadowed({ deadlineSeconds: 3_000 }), options: { delaySeconds: () => 1e9 } });
  expect(moves).toEqual(['roll back 0']);
  expect(sentence).toContain('the deadline of 50 min passed at 0 %');
});

test('a restored template removes the mirror at once', async () => {
  const { seen, world } = await rollout(0.01, {
    hooks: (at) => ({
      onWait: async () => {
        if ((await at.state())?.shadow !== undefined && at.stackStatus === 'UPDATE_IN_PROGRESS') {
          expect((await at.route())!.mirrors!.map(({ name }) => name)).toEqual(['candidate']);
          at.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
          await at.deploy('v1', { plan: shadowed() });
          expect((await at.route())!.mirrors).toBeUndefined();
        }
      },
    }),
  });
  expect(seen.every(({ v2 }) => v2 === 0)).toBe(true);
  expect(await world.shares()).toEqual({ v1: 100 });
});

test('an abort in the shadow stage ends the mirror at once, whatever the controller does', async () => {
  let aborted = false;
  const { moves, sentence, world } = await rollout(0.01, {
    hooks: (at) => ({
      onWait: async () => {
        if (!aborted && (await at.state())?.shadow !== undefined) {
          aborted = true;
          await at.order('abort', { reason: 'not today' });
          expect((await at.route())!.mirrors).toBeUndefined();
        }
      },
    }),
  });
  expect(moves).toEqual(['roll back 0']);
  expect(sentence).toContain('aborted by ann: not today');
  expect((await world.route())!.mirrors).toBeUndefined();
});

test('a controller that dies in the shadow stage leaves a mirror that ends by itself', async () => {
  const { world } = await rollout(0.01, { hooks: (at) => ({ stop: () => at.decisions().length > 5 }) });
  const [mirror] = (await world.route())!.mirrors!;
  expect(mirror.name).toBe('candidate');
  expect(mirror.endsAt! - world.now).toBeLessThanOrEqual(180_000);
});

test('promoted by somebody in the shadow stage, the candidate has all requests and no mirror', async () => {
  const { moves, world } = await rollout(0.01, {
    hooks: (at) => ({ onWait: async () => { if ((await at.state())?.shadow !== undefined) { await at.order('promote'); } } }),
  });
  expect(moves).toEqual(['promote 100']);
  expect((await world.route())!.mirrors).toBeUndefined();
});

test('whatever fails and whoever speaks: no traffic before the shadow agreed, and no mirror of a rollout that is over outlives its lease', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        differs: fc.constantFrom(0, 0.02, 0.2),
        faults: fc.uniqueArray(fc.nat(300), { maxLength: 30 }),
        lost: fc.uniqueArray(fc.nat(40), { maxLength: 8 }),
        dies: fc.option(fc.nat(40), { nil: undefined }),
        orders: fc.array(fc.record({ at: fc.nat(30), verb: fc.constantFrom('abort' as const, 'pause' as const, 'resume' as const) }), {
          maxLength: 3,
        }),
      }),
      async (given) => {
        const planned = shadowed({
          shadow: shadow({ bakeSeconds: 180 }),
          stages: [
            { percent: 20, bakeSeconds: 120, approval: false },
            { percent: 95, bakeSeconds: 120, approval: false },
          ],
          deadlineSeconds: 3_600,
        });
        let [calls, invocations, waits] = [0, 0, 0];
        let quiet = 0;
        const world = await rollout(given.differs, {
          planned,
          hooks: (at) => {
            at.db.fault = () => {
              if (quiet === 0 && given.faults.includes(calls++)) {
                throw Object.assign(new Error('throttled'), { name: 'ProvisionedThroughputExceededException' });
              }
            };
            at.db.written = (table, item) => {
              if (table === 'routes' && item !== undefined) {
                const route = JSON.parse(item.route.S!) as {
                  variants: { version: string; weight: number }[];
                  mirrors?: Mirror[];
                  rollout?: unknown;
                };
                const share = route.variants.find(({ version }) => version === 'v2')?.weight ?? 0;
                expect(share > 0 && given.differs === 0.2).toBe(false);
                // Only beside no share, and only under a rollout that nobody stopped.
                expect(
                  route.mirrors === undefined ||
                    (share === 0 && route.rollout !== undefined && (route.rollout as { aborted?: unknown }).aborted === undefined),
                ).toBe(true);
              }
            };
            return {
              onWait: async () => {
                quiet++;
                for (const { verb } of given.orders.filter((order) => order.at === waits)) {
                  await at.order(verb);
                }
                waits++;
              },
              invoke: async (event) => {
                quiet = 0;
                if (given.lost.includes(invocations++)) {
                  await at.task(event.task, event).catch(() => {});
                  throw new Error('the answer was lost');
                }
              },
              stop: () => given.dies !== undefined && invocations > given.dies,
            };
          },
        }).then(
          (done) => done.world,
          (error: unknown) => {
            // Only a machine whose last resort failed too ends this way.
            expect(String(error)).toMatch(/throttled|lost/);
            return undefined;
          },
        );
        if (world !== undefined) {
          world.db.fault = () => {};
          const left = (await world.route())?.mirrors ?? [];
          expect(left.every(({ endsAt }) => endsAt! <= world.now + 180_000)).toBe(true);
          expect(left.length === 0 || (await world.state())?.outcome === undefined || given.faults.length > 0).toBe(true);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('the route is without a mirror of the rollout that another rollout begins from', async () => {
  const world = new World();
  await world.deploy('v1', { type: 'Create', plan: shadowed() });
  await world.deploy('v2', { plan: shadowed(), request: 'change' });
  await world.task('prepare');
  await world.task('prepare');
  expect((await world.route())!.mirrors).toHaveLength(1);
  await world.deploy('v3', { plan: shadowed({ shadow: undefined }), request: 'other' });
  expect((await world.route())!.mirrors).toBeUndefined();
});

test('what was kept of the stage gives the same verdicts again, promoted or not', async () => {
  for (const differs of [0.01, 0.3]) {
    let bucket!: EvidenceBucket;
    const { world } = await rollout(differs, {
      planned: shadowed({ evidence: STORE }),
      hooks: (of) => {
        bucket = new EvidenceBucket(of);
        return {};
      },
    });
    const { checks, records } = verifyBundle(bucket.bundle((await world.state())!), bucket.key.publicKey);
    expect(checks.filter(({ holds }) => !holds)).toEqual([]);
    expect(records.some(({ decision }) => decision.evidence.shadow?.judgement !== undefined)).toBe(true);
  }
});
