import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Evidence } from '../../../lib/core/rollout/evidence';
import { percentOf } from '../../../lib/core/rollout/stages';
import type { OrderEvent } from '../../../lib/core/rollout/orders';
import { plan } from '../../fixtures/plan';
import { healthy, World } from '../../fixtures/world';
import { follow, run, type RunOptions } from '../../fixtures/run';

/** The synthesized machine with the real tasks, gate, abort and orders, over tables in memory and in virtual time. */

const bad: Evidence = { ...healthy, guardrails: [{ name: 'errors', action: 'rollback', status: 'triggered', detail: 'alarm errors is in ALARM' }] };
const unknown: Evidence = { until: 0, guardrails: [{ name: 'errors', action: 'rollback', status: 'unknown', detail: 'unreadable', unreadable: true }], calendar: 'unknown' };

test('a healthy candidate is promoted, stage by stage', async () => {
  const world = new World();
  const [{ path, status }] = await run(world, plan());
  expect(status).toBe('SUCCEEDED');
  expect(path.filter((state) => !/\?$/.test(state) && state !== 'Bake' && state !== 'Judge')).toEqual(['Prepare', 'Shift', 'Shift', 'Shift', 'Promote', 'Drain', 'Report', 'Promoted']);
  expect(world.decisions().map(({ decision }) => decision.verdict).filter((verdict) => verdict !== 'hold')).toEqual(['advance', 'advance', 'advance', 'promote']);
  expect(await world.shares()).toEqual({ v2: 100 });
  expect(world.answers).toMatchObject([{ outcome: { result: 'promoted' } }]);
});

test('a bad one is rolled back, CloudFormation hears why, and nothing is left half-way', async () => {
  const world = new World();
  world.evidence = ({ stage }) => (stage < 1 ? healthy : bad);
  const [{ path, status }] = await run(world, plan());
  expect(status).toBe('FAILED');
  expect(path.slice(-5)).toEqual(['Roll back', 'Drain', 'Report', 'Outcome?', 'Rolled back']);
  expect(await world.shares()).toEqual({ v1: 100 });
  expect((await world.route())?.rollout).toBeUndefined();
  expect(world.answers).toMatchObject([{ outcome: { result: 'rolled back', sentence: 'rolled back: guardrail errors: alarm errors is in ALARM' } }]);
});

test('a rollout of ten days goes from execution to execution, each far below 25,000 events', async () => {
  const world = new World();
  const days = plan({ answer: 'detached', stages: [{ percent: 10, bakeSeconds: 10 * 86_400, approval: false }], deadlineSeconds: 11 * 86_400 });
  await world.deploy('v1', { type: 'Create', plan: days, candidate: 'v2' });
  const walks = await follow(world);
  expect(walks.length).toBeGreaterThan(5);
  expect(Math.max(...walks.map(({ events }) => events))).toBeLessThan(20_000);
  expect(world.started.map(({ name }) => name.replace(/^.*-[0-9a-f]{16}/, ''))).toEqual(walks.map((_, generation) => (generation === 0 ? '' : `-${generation}`)));
  expect(await world.shares()).toEqual({ v2: 100 });
});

test('an approval before traffic may take days: the next execution asks again before it gives any share', async () => {
  const world = new World();
  const days = plan({ answer: 'detached', stages: [{ percent: 10, bakeSeconds: 60, approval: true }], deadlineSeconds: 10 * 86_400, intervalSeconds: 300 });
  await world.deploy('v1', { type: 'Create', plan: days, candidate: 'v2' });
  const begun = world.now;
  const walks = await follow(world, {
    onWait: async () => {
      expect((await world.state())?.stage === -1 ? (await world.shares()).v2 : undefined).toBeUndefined();
      if (world.now - begun > 7 * 86_400_000) {
        await world.order('approve');
      }
    },
  });
  expect(walks.length).toBeGreaterThan(1);
  expect(walks[1].path[1]).toBe('Prepare');
  expect(await world.shares()).toEqual({ v2: 100 });
});

test.each([
  ['goes on to its end', healthy, { v2: 100 }],
  ['is rolled back where it is bad', bad, { v1: 100 }],
] as const)('a rollout with traffic whose first execution somebody starts once more %s', async (_, evidence, shares) => {
  const world = new World();
  await world.deploy('v1', { type: 'Create', plan: plan() });
  await world.deploy('v2', { plan: plan(), request: 'change' });
  await world.task('prepare');
  await world.task('shift');
  expect([(await world.state())?.stage, world.started.at(-1)?.input.verdict]).toEqual([0, 'start']);
  world.evidence = () => evidence;
  const held: number[] = [];
  const [{ path }] = await follow(world, { onWait: async () => { held.push((await world.shares()).v2 ?? 0); } });
  expect(path.slice(0, 2)).toEqual(['Continued?', 'Prepare']);
  // Nobody else renews the lease.
  expect(evidence === bad || held.slice(0, -1).every((share) => share > 0)).toBe(true);
  expect(await world.shares()).toEqual(shares);
});

test('two rollouts of a stack do not know of each other', async () => {
  const [one, other] = [new World(), new World()];
  other.evidence = () => bad;
  await Promise.all([run(one, plan()), run(other, plan())]);
  expect([await one.shares(), await other.shares()]).toEqual([{ v2: 100 }, { v1: 100 }]);
});

test('a controller that is late keeps nobody on the candidate: the lease ends, and begins again when it looks again', async () => {
  const world = new World();
  const seen: number[] = [];
  let late = false;
  await run(world, plan(), {
    onWait: async () => {
      if (!late && (await world.state())?.stage === 1) {
        late = true;
        world.now += 200_000;
        seen.push((await world.shares()).v2 ?? 0);
      } else if (late && seen.length === 1 && (await world.state())?.stage === 1) {
        seen.push((await world.shares()).v2 ?? 0);
      }
    },
  });
  expect(seen).toEqual([0, 50]);
});

test('metrics that fall silent end the lease, although everything else is alive', async () => {
  const world = new World();
  world.evidence = ({ stage }) => (stage < 0 ? healthy : { ...healthy, recentRequests: 0, candidate: { requests: 0, failures: 0 } });
  const shares: number[] = [];
  await run(world, plan({ deadlineSeconds: 1_800 }), { onWait: async () => { shares.push((await world.shares()).v2 ?? 0); } });
  expect(Math.max(...shares)).toBe(5);
  // Until its first lease of three minutes is over the candidate has its share, then no more.
  expect(shares.filter((share) => share > 0).length).toBeLessThanOrEqual(4);
  expect(await world.shares()).toEqual({ v1: 100 });
});

describe('whatever happens', () => {
  const evidence = fc.constantFrom(
    healthy,
    healthy,
    healthy,
    healthy,
    bad,
    unknown,
    { ...healthy, candidate: { requests: 3, failures: 0 } },
    { ...healthy, candidate: { requests: 1, failures: 9 } },
  );
  const orders = fc.array(fc.record({ at: fc.nat(40), verb: fc.constantFrom<OrderEvent['verb']>('abort', 'pause', 'resume', 'promote', 'approve') }), { maxLength: 4 });
  const stages = fc.uniqueArray(fc.double({ min: 0.1, max: 99, noNaN: true }), { minLength: 1, maxLength: 4 })
    .chain((percents) => fc.array(fc.boolean(), { minLength: percents.length, maxLength: percents.length }).map((approvals) =>
      percents.sort((a, b) => a - b).map((percent, index) => ({ percent, bakeSeconds: 120, approval: approvals[index] && index > 0 }))));
  const scenario = fc.record({
    stages,
    readings: fc.array(evidence, { minLength: 1, maxLength: 40 }),
    orders,
    /** Calls of the tables that fail. */
    faults: fc.uniqueArray(fc.nat(300), { maxLength: 40 }),
    /** Invocations of the controller whose answer is lost after all was done. */
    lost: fc.uniqueArray(fc.nat(60), { maxLength: 10 }),
    /** The machine is gone from this invocation on. */
    dies: fc.option(fc.nat(60), { nil: undefined }),
    /** CloudFormation restores the old template at this wait. */
    restored: fc.option(fc.nat(40), { nil: undefined }),
  });

  test('the share never exceeds the plan or skips a stage, abort wins, and every run ends in production or promoted', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (given) => {
        const planned = plan({ stages: given.stages, deadlineSeconds: 2_400 });
        const world = new World();
        await world.deploy('v1', { type: 'Create', plan: planned });
        await world.deploy('v2', { plan: planned, request: 'change' });

        let calls = 0;
        world.db.fault = () => {
          if (given.faults.includes(calls++)) {
            throw Object.assign(new Error('throttled'), { name: 'ProvisionedThroughputExceededException' });
          }
        };
        let reads = 0;
        world.evidence = () => given.readings[Math.min(reads++, given.readings.length - 1)];
        let aborted = false;
        let restored = false;
        const shares: number[] = [0];
        world.db.written = (table, item) => {
          if (table !== 'routes' || item === undefined) {
            return;
          }
          const route = JSON.parse(item.route.S!) as { variants: { version: string; weight: number }[] };
          const share = route.variants.find(({ version }) => version === 'v2')?.weight ?? 0;
          const promoted = route.variants[0].version === 'v2';
          expect((aborted || restored) && share > 0).toBe(false);
          if (!promoted) {
            // One stage up at a time, or down.
            expect([
              0,
              shares.at(-1)!,
              ...given.stages
                .map(({ percent }) => percent)
                .filter((percent) => percent > shares.at(-1)!)
                .slice(0, 1),
            ]).toContain(share);
          }
          if (share !== shares.at(-1)) {
            shares.push(share);
          }
        };

        let waits = 0;
        let invocations = 0;
        let dead = false;
        const walks = await follow(world, {
          onWait: async () => {
            const now = waits++;
            const reliable = world.db.fault;
            // Orders and CloudFormation try again by themselves.
            world.db.fault = () => {};
            for (const { verb } of given.orders.filter(({ at }) => at === now)) {
              const result = await world.order(verb);
              aborted ||= verb === 'abort' && result.code === 'DONE';
            }
            if (given.restored === now) {
              world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
              restored = true;
              const then = world.now;
              await world.deploy('v1', { plan: planned });
              world.now = then;
              expect(await world.shares()).toEqual({ v1: 100 });
            }
            world.db.fault = reliable;
            world.db.fault = () => {};
            const [route, state, { v2 = 0 }] = [await world.route(), await world.state(), await world.shares()];
            world.db.fault = reliable;
            if (route?.variants[0].version !== 'v2') {
              // The share is in the route a moment before the stage is in the state.
              expect(v2).toBeLessThanOrEqual(percentOf(planned, state!.stage + 1) + 1e-9);
            }
          },
          invoke: async (event) => {
            const invocation = invocations++;
            if (given.lost.includes(invocation)) {
              await world.task(event.task, event).catch(() => {});
              throw new Error('the answer was lost');
            }
          },
          stop: () => {
            dead ||= given.dies !== undefined && invocations > given.dies;
            return dead;
          },
        }).catch((error: unknown) => {
          // Only a machine whose last resort failed too ends this way.
          expect(String(error)).toMatch(/throttled|lost/);
          return [];
        });

        world.db.fault = () => {};
        world.now += (planned.leaseSeconds + 5) * 1_000;
        const final = await world.shares();
        expect([{ v1: 100 }, { v2: 100 }]).toContainEqual(final);
        if (aborted || restored) {
          expect(final).toEqual({ v1: 100 });
        }
        const state = await world.state();
        if (final.v2 === 100 && !restored) {
          expect(world.decisions().some(({ decision }) => decision.verdict === 'promote')).toBe(true);
        }
        if (!dead && walks.length > 0 && walks.at(-1)!.status !== 'STOPPED' && world.answers.length > 0) {
          expect(new Set(world.answers.map(({ outcome }) => outcome.result === 'promoted')).size).toBe(1);
          expect(world.answers[0].outcome.result === 'promoted').toBe(state?.outcome?.result === 'promoted');
          // What CloudFormation hears is what callers see.
          expect(restored || (world.answers[0].outcome.result === 'promoted') === (final.v2 === 100)).toBe(true);
        }
      }),
      { numRuns: 600 },
    );
  });
});

describe('fault matrix', () => {
  type Phase = 'before traffic' | 'first stage' | 'last stage' | 'promotion' | 'rollback' | 'report';
  const PHASES: readonly Phase[] = ['before traffic', 'first stage', 'last stage', 'promotion', 'rollback', 'report'];
  const FAULTS: { readonly [component: string]: (world: World, active: () => boolean) => Partial<RunOptions> } = {
    'controller function fails': (_, active) => ({ invoke: async () => { if (active()) { throw new Error('the function fails'); } } }),
    'controller or state machine gone': (_, active) => ({ stop: active }),
    'route table fails': (world, active) => {
      world.db.fault = (_call, table) => { if (active() && table === 'routes') { throw new Error('the route table fails'); } };
      return {};
    },
    'table of rollouts fails': (world, active) => {
      world.db.fault = (_call, table) => { if (active() && table === 'rollouts') { throw new Error('the table of rollouts fails'); } };
      return {};
    },
    'CloudWatch cannot be read': (world, active) => {
      const evidence = world.evidence;
      world.evidence = (state) => (active() ? unknown : evidence(state));
      return {};
    },
    'router\'s metrics fall silent': (world, active) => {
      const evidence = world.evidence;
      world.evidence = (state) => (active() ? { ...healthy, candidate: { requests: 0, failures: 0 }, recentRequests: 0 } : evidence(state));
      return {};
    },
    'the answer to CloudFormation is lost': (world, active) => {
      const ports = world.ports.bind(world);
      world.ports = () => ({ ...ports(), report: async (...args) => { if (active()) { throw new Error('no answer'); } return ports().report(...args); } });
      return {};
    },
  };

  /** Where production stands once lease and cache are over, and what CloudFormation heard. */
  async function outcome(component: string, phase: Phase): Promise<string> {
    const world = new World();
    const planned = plan({ deadlineSeconds: 2_400 });
    const stages = planned.stages.length;
    if (phase === 'rollback') {
      world.evidence = ({ stage }) => (stage < 1 ? healthy : bad);
    }
    await world.deploy('v1', { type: 'Create', plan: planned });
    await world.deploy('v2', { plan: planned, request: 'change' });
    let task = '';
    let stage = -1;
    let ended = false;
    const begun = (): boolean => {
      switch (phase) {
        case 'before traffic': return true;
        case 'first stage': return stage >= 0;
        case 'last stage': return stage >= stages - 1;
        case 'promotion': return task === 'promote' || ended;
        case 'rollback': return task === 'rollBack' || ended;
        case 'report': return task === 'report';
      }
    };
    let active = false;
    const options = FAULTS[component](world, () => (active ||= begun()));
    const invoke = options.invoke;
    const walked = await follow(world, {
      ...options,
      invoke: async (event) => {
        task = event.task;
        const fault = world.db.fault;
        world.db.fault = () => {};
        const state = await world.state();
        stage = state?.stage ?? stage;
        ended ||= state?.outcome !== undefined;
        world.db.fault = fault;
        await invoke?.(event);
      },
    }).catch(() => undefined);
    world.db.fault = () => {};
    world.now += (planned.leaseSeconds + 5) * 1_000;
    const shares = await world.shares();
    const heard = world.answers[0]?.outcome.result ?? (walked === undefined || walked.at(-1)?.status !== 'SUCCEEDED' ? 'nothing, so it times out' : 'nothing');
    return `${Object.keys(shares).map((version) => (version === 'v1' ? 'old' : 'new')).join('+')}; ${heard}`;
  }

  test('docs/faults.md says what happens when a component fails in a phase and stays that way', async () => {
    const rows: string[] = [];
    for (const component of Object.keys(FAULTS)) {
      const cells: string[] = [];
      for (const phase of PHASES) {
        cells.push(await outcome(component, phase));
      }
      rows.push(`| ${component} | ${cells.join(' | ')} |`);
    }
    const table = [`| what fails, from this phase on | ${PHASES.join(' | ')} |`, `| --- | ${PHASES.map(() => '---').join(' | ')} |`, ...rows].join('\n');
    // Nobody is ever left on both: after lease and cache time the alias has one version.
    expect(table).not.toContain('+');
    expect(readFileSync(join(__dirname, '../../../docs/faults.md'), 'utf8')).toContain(table);
  });
});
