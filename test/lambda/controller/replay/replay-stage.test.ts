import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { replay } from '../../../../lambda/controller/replay/replay';
import { FailureClass } from '../../../../lambda/shared/http/outcome';
import { judgeReplay } from '../../../../lib/core/replay/judge-replay';
import type { ReplayPlan } from '../../../../lib/core/replay/plan';
import { newReplay, replayed } from '../../../../lib/core/replay/progress';
import type { Evidence } from '../../../../lib/core/rollout/evidence';
import type { RolloutPlan } from '../../../../lib/core/rollout/plan';
import type { RolloutState } from '../../../../lib/core/rollout/state';
import type { Target } from '../../../../lib/core/backends/backends';
import { verifyBundle } from '../../../../lib/core/audit/verify';
import { EvidenceBucket, STORE } from '../../../fixtures/evidence-store';
import { variant } from '../../../fixtures/serving';
import { follow, type RunOptions } from '../../../fixtures/run';
import { plan } from '../../../fixtures/plan';
import { healthy, World } from '../../../fixtures/world';
import { type Answers, golden, MemoryObjects, Models, portsOf } from './models';

/** Replay, then canary: the real gate, machine, tasks, replay and judging, over models and a bucket in memory and in virtual time. */

const replayPlan = (overrides: Partial<ReplayPlan> = {}): ReplayPlan => ({
  source: { kind: 'object', bucket: 'golden', key: 'fraud.jsonl' }, requests: 1_000, requestsPerSecond: 5, concurrency: 2, warmUpRequests: 4, comparison: { kind: 'json', ignoredPaths: [], absolute: 0, relative: 0 },
  agreement: { bound: 0.05, margin: 0.1 }, failureTolerance: 0.02, accuracyTolerance: 0.05, slowdown: 1.5, seconds: 130, alpha: 0.005, uncertified: 'pause', ...overrides,
});

const planned = (overrides: Partial<ReplayPlan> = {}, rest: Partial<RolloutPlan> = {}): RolloutPlan =>
  plan({ replay: replayPlan(overrides), readinessSeconds: 300, ...rest });

const right: Answers = (body) => ({ label: (body as { row: number }).row % 3 });

interface Given {
  readonly candidate?: Answers;
  readonly production?: Answers;
  readonly planned?: RolloutPlan;
  readonly file?: string | null;
  readonly setUp?: (world: World, models: Models, objects: MemoryObjects) => RunOptions | void;
  readonly refused?: (world: World) => number;
}

async function rollout(
  given: Given = {},
): Promise<{
  world: World;
  models: Models;
  objects: MemoryObjects;
  moves: string[];
  sentence: string;
  result?: string;
  state: RolloutState;
  waits: number[];
}> {
  const world = new World();
  const objects = new MemoryObjects();
  if (given.file !== null) {
    objects.put('fraud.jsonl', given.file ?? golden(600));
  }
  const models = new Models(world, { v1: given.production ?? right, v2: given.candidate ?? right }, ({ target }) =>
    (target as { functionArn: string }).functionArn.split(':').at(-1)!,
  );
  world.targetOf = (version) =>
    ({ ...variant(version).target, functionArn: `arn:aws:lambda:eu-west-1:111111111111:function:${version}` }) as Target;
  const ports = portsOf(world, models, objects, () => given.refused?.(world) ?? 0);
  world.replay = (state, progress, goesOn) => replay(state, progress, goesOn, ports);
  world.evidence = (state): Evidence => ({
    ...healthy,
    until: world.now,
    ...(state.stage < 0 && state.replay !== undefined && state.replay.tally.pairs > 0
      ? { replay: judgeReplay(state.plan.replay!, replayed(state.replay)) }
      : {}),
  });
  const toDo = given.planned ?? planned();
  const options = given.setUp?.(world, models, objects) ?? {};
  await world.deploy('v1', { type: 'Create', plan: toDo });
  await world.deploy('v2', { plan: toDo, request: 'change' });
  const waits: number[] = [];
  await follow(world, {
    ...options,
    onWait: async (seconds) => {
      waits.push(seconds);
      await options.onWait?.(seconds);
    },
  });
  const decisions = world.decisions().map(({ decision }) => decision);
  return {
    world,
    models,
    objects,
    waits,
    moves: decisions.filter(({ verdict }) => verdict !== 'hold').map(({ verdict, percent }) => `${verdict} ${percent}`),
    sentence: world.answers.at(-1)?.outcome.sentence ?? '',
    result: world.answers.at(-1)?.outcome.result,
    state: (await world.state())!,
  };
}

test('both versions are asked the same requests in pairs, and a candidate that is as good goes the way of every canary', async () => {
  const { world, models, moves, result, state } = await rollout();
  expect(moves).toEqual(['advance 5', 'advance 50', 'advance 95', 'promote 100']);
  expect(result).toBe('promoted');
  const rows = (version: string): number[] => models.counted(version).map(({ body }) => (body as { row: number }).row);
  expect(rows('v1')).toHaveLength(600);
  expect([...rows('v1')].sort((a, b) => a - b)).toEqual(Array.from({ length: 600 }, (_, row) => row));
  expect([...rows('v2')].sort()).toEqual([...rows('v1')].sort());
  expect(rows('v1').slice(0, 20)).not.toEqual(Array.from({ length: 20 }, (_, row) => row));
  expect(state.replay).toMatchObject({ done: 600, tally: { pairs: 600, compared: 600, disagreed: 0, timed: 600, slower: 0 }, certified: expect.arrayContaining(['replayed failures', 'replayed agreement', 'replayed latency']) });
  const advance = world.decisions().find(({ decision }) => decision.verdict === 'advance')!.decision;
  expect(advance.sentence).toMatch(/advancing from 0 % to 5 %: the candidate is ready; replay: of 600 pairs 0 failed in the candidate alone, 0 in production alone; replay: 0 of 600 pairs disagree, 5% allowed/);
  // Nobody met it before.
  expect(world.decisions().findIndex(({ decision }) => decision.percent > 0)).toBeGreaterThan(2);
});

test('each version is asked first in half of the pairs, never more than allowed at a time, and never faster', async () => {
  const { models } = await rollout();
  expect(models.most).toBeLessThanOrEqual(4);
  const counted = models.asked.filter(({ id }) => !/-w\d+-/.test(id));
  const first = new Map<string, string>();
  counted.forEach(({ id, version }) => {
    const [, index] = /-(\d+)-(?:candidate|production)$/.exec(id)!;
    first.set(index, first.get(index) ?? version);
  });
  expect([...first.values()].filter((version) => version === 'v2')).toHaveLength(300);
  const times = models.counted('v1').map(({ at }) => at).sort((a, b) => a - b);
  for (let at = 0; at + 50 < times.length; at++) {
    expect(times[at + 50] - times[at]).toBeGreaterThanOrEqual(8_000);
  }
});

test('a candidate whose answers differ is rolled back before a caller has met it, and refused from then on', async () => {
  const { world, moves, sentence, models } = await rollout({ candidate: (body) => ({ label: (body as { row: number }).row % 2 }) });
  expect(moves).toEqual(['roll back 0']);
  expect(sentence).toMatch(/^rolled back: before any traffic, replay: \d+ of \d+ pairs disagree, 5% allowed; evidence .* > 200/);
  expect(models.counted('v2').length).toBeLessThan(300);
  expect(await world.shares()).toEqual({ v1: 100 });
  await expect(world.deploy('v2', { plan: planned(), request: 'again' })).rejects.toThrow(/was rejected .*pairs disagree/);
});

test('so is one that fails, or takes longer, where answers decide nothing', async () => {
  const alone = { agreement: undefined };
  const failing = await rollout({
    candidate: (body) => ((body as { row: number }).row % 20 === 0 ? FailureClass.MODEL : right(body, undefined as never)),
    planned: planned(alone),
  });
  expect(failing.sentence).toMatch(/before any traffic, replay: of \d+ pairs \d+ failed in the candidate alone, 0 in production alone/);
  const slow = await rollout({ planned: planned(alone), setUp: (_, models) => { models.milliseconds = (version) => (version === 'v2' ? 200 : 100); } });
  expect(slow.sentence).toMatch(/before any traffic, replay: \d+ of \d+ pairs took the candidate more than 1.5 times as long, 52% allowed/);
});

test('one that is wrong more often is found by labels, where a better one that differs is not', async () => {
  const labelled = golden(600, (row) => ({ request: { row }, label: row % 3 }));
  const worse: Answers = (body) => ({ label: (body as { row: number }).row % (((body as { row: number }).row % 5) === 0 ? 7 : 3) });
  const options = { planned: planned({ agreement: undefined, labelPath: '$.label' }), file: labelled };
  expect((await rollout({ ...options, candidate: worse })).sentence).toMatch(/before any traffic, replay: of \d+ labelled pairs \d+ were wrong in the candidate alone, 0 in production alone/);
  const better = await rollout({ ...options, production: worse });
  expect(better.result).toBe('promoted');
  expect(better.state.replay!.certified).toContain('replayed accuracy');
});

test('requests that production fails too are no fault of the candidate, nor is agreement with nothing', async () => {
  const fails: Answers = (body) => ((body as { row: number }).row % 2 === 0 ? FailureClass.MODEL : right(body, undefined as never));
  const { result, state } = await rollout({ candidate: fails, production: fails });
  expect(result).toBe('promoted');
  expect(state.replay!.tally).toMatchObject({ pairs: 600, bothFailed: 300, candidateFailed: 0, compared: 300, disagreed: 0 });
});

test('what starts and fills with the first requests is not counted', async () => {
  const seen = new Set<string>();
  const { models, state } = await rollout({
    setUp: (_, all) => {
      // The first four of each version are cold.
      const counts: { [version: string]: number } = {};
      all.milliseconds = (version) => ((counts[version] = (counts[version] ?? 0) + 1) <= 4 && version === 'v2' ? 5_000 : 50);
    },
  });
  models.asked.filter(({ id }) => /-w\d+-/.test(id)).forEach(({ version }) => seen.add(version));
  expect([...seen].sort()).toEqual(['v1', 'v2']);
  expect(state.replay!.tally).toMatchObject({ pairs: 600, slower: 0 });
});

test.each<[string, ReplayPlan['uncertified'], RegExp, string]>([
  ['waits', 'pause', /the deadline of 50 min passed at 0 %: before any traffic, not certified by all 40 recorded requests: .*; it waits for somebody to promote it/, 'roll back 0'],
  ['goes on', 'advance', /^promoted/, 'advance 5'],
  ['goes back', 'rollback', /^rolled back: before any traffic, not certified by all 40 recorded requests/, 'roll back 0'],
])('where so few requests make nothing certain the rollout %s, as it was told', async (_, uncertified, sentence, first) => {
  const seen = await rollout({ file: golden(40), planned: planned({ uncertified }) });
  expect(seen.moves[0]).toBe(first);
  expect(seen.sentence).toMatch(sentence);
  expect(await seen.world.rollouts.rejection('fraud/live', 'v2')).toBeUndefined();
});

describe('a file that cannot be replayed ends the rollout before it has begun, says why, and rejects nobody', () => {
  test.each<[string, Given, RegExp]>([
    ['has a line that is none', { file: `${golden(3)}\n{"request": ` }, /s3:\/\/golden\/fraud.jsonl line 4 is not valid JSON/],
    ['is empty', { file: '' }, /s3:\/\/golden\/fraud.jsonl has no requests/],
    ['is not there', { file: null }, /the recorded requests cannot be read: NoSuchKey/],
  ])('because it %s', async (_, given, message) => {
    const { moves, sentence, world, models } = await rollout(given);
    expect(moves).toEqual(['roll back 0']);
    expect(sentence).toMatch(/^rolled back: the recorded requests cannot be replayed: /);
    expect(sentence).toMatch(message);
    expect(models.asked).toEqual([]);
    expect(await world.rollouts.rejection('fraud/live', 'v2')).toBeUndefined();
  });

  test('but not because S3 fails for a while', async () => {
    const { result } = await rollout({ setUp: (world, _, objects) => { const began = world.now; objects.fault = () => { if (world.now < began + 120_000) { throw new Error('SlowDown'); } }; } });
    expect(result).toBe('promoted');
  });
});

test('production\'s callers come first: while some of them are refused nothing is asked', async () => {
  let began = 0;
  const { result, models, waits, world } = await rollout({
    setUp: (at) => { began = at.now; },
    refused: ({ now }) => (now < began + 300_000 ? 7 : 0),
  });
  expect(result).toBe('promoted');
  expect(models.asked[0].at).toBeGreaterThanOrEqual(began + 300_000);
  expect(waits.slice(0, 5)).toEqual([5, 10, 20, 40, 60]);
  expect(world.decisions().some(({ decision }) => decision.sentence.includes('production has refused 7 requests of its callers'))).toBe(true);
});

test('whoever has no capacity for it is asked again later, and nothing counts against it', async () => {
  let refusals = 0;
  const busy: Answers = (body) => (refusals++ % 40 === 39 ? FailureClass.THROTTLE : right(body, undefined as never));
  const { result, state, waits } = await rollout({ candidate: busy, planned: planned({}, { deadlineSeconds: 7_200 }) });
  expect(result).toBe('promoted');
  expect(state.replay!.tally).toMatchObject({ pairs: 600, candidateFailed: 0 });
  expect(waits.filter((seconds) => seconds >= 5).length).toBeGreaterThan(3);
});

test('a router that cannot be asked is nobody\'s verdict', async () => {
  let asked = 0;
  const { result, state } = await rollout({ setUp: (_, models) => { models.fault = () => { if (++asked % 97 === 0) { throw new Error('Rate Exceeded.'); } }; }, planned: planned({}, { deadlineSeconds: 7_200 }) });
  expect(result).toBe('promoted');
  expect(state.replay!.tally).toMatchObject({ pairs: 600, candidateFailed: 0, productionFailed: 0 });
});

test('an abort ends the replay within seconds, whatever is left of it', async () => {
  const { sentence, models, moves } = await rollout({
    setUp: (world, all) => {
      let aborted = false;
      all.fault = () => {
        if (!aborted && all.asked.length > 60) {
          aborted = true;
          void world.order('abort', { reason: 'not today' });
        }
      };
    },
  });
  expect(moves).toEqual(['roll back 0']);
  expect(sentence).toContain('aborted by ann: not today');
  expect(models.asked.length).toBeLessThan(61 + 2 * 5 * 10);
});

test('a pause stops the asking, and a resume goes on where it was', async () => {
  const asked: number[] = [];
  const { result, state } = await rollout({
    planned: planned({}, { deadlineSeconds: 7_200 }),
    setUp: (world, models) => {
      let waits = 0;
      return {
        onWait: async () => {
          waits++;
          if (waits === 2) {
            await world.order('pause');
          } else if (waits > 2 && waits < 8) {
            asked.push(models.asked.length);
          } else if (waits === 8) {
            await world.order('resume');
          }
        },
      };
    },
  });
  expect(new Set(asked).size).toBe(1);
  expect(result).toBe('promoted');
  expect(state.replay!.done).toBe(600);
});

test('promoted by somebody, the candidate has all requests without waiting for the rest', async () => {
  const { moves, models } = await rollout({ setUp: (world) => { let waits = 0; return { onWait: async () => { if (++waits === 1) { await world.order('promote'); } } }; } });
  expect(moves).toEqual(['promote 100']);
  expect(models.counted('v2').length).toBeLessThan(600);
});

test('what it was certain of need not become so in the steps: few requests and no certainty hold nobody', async () => {
  const few: Evidence = { ...healthy, candidate: { requests: 2, failures: 0 } };
  const uncertain = {
    verdict: 'hold' as const, sentence: 'errors: not certified', reasons: [{ kind: 'uncertified' as const, guardrail: 'evidence', text: 'errors: not certified' }], logEvidence: 0, highestLogEvidence: 0, logThreshold: 5,
    guardrails: [{ name: 'evidence', action: 'rollback' as const, logEvidence: 0, certified: false, silent: false, sentence: 'errors: not certified', phrase: '' }],
    sampleRatio: { logEvidence: 0, logThreshold: 5 }, problems: [], periods: { closed: 1, withData: 1, inStep: 1, sinceLast: 0 },
  };
  const judged = planned({}, { guardrails: [{ kind: 'errors', name: 'evidence', action: 'rollback' }], judgement: { alpha: 0.005, uncertified: { afterSeconds: 600, policy: 'rollback' } } });
  const withEvidence = (toDo: RolloutPlan): ReturnType<typeof rollout> =>
    rollout({
      planned: toDo,
      setUp: (world) => {
        const before = world.evidence;
        world.evidence = async (state) => (state.stage < 0 ? before(state) : { ...few, until: world.now, judgement: uncertain });
      },
    });
  expect((await withEvidence(judged)).result).toBe('promoted');
  // Without the replay it would have waited for both in vain.
  expect((await withEvidence({ ...judged, replay: undefined })).result).toBe('rolled back');
});

test('a changed plan of a rollout that is replaying is refused where it changes what is replayed', async () => {
  const world = new World();
  await world.deploy('v1', { type: 'Create', plan: planned() });
  await world.deploy('v1', { plan: planned({}, { answer: 'detached' }), candidate: 'v2', request: 'begin' });
  await world.task('prepare');
  const again = (changed: Partial<ReplayPlan>): Promise<unknown> => world.deploy('v1', { plan: planned(changed, { answer: 'detached' }), candidate: 'v2', formerCandidate: 'v2' });
  await expect(again({ requests: 7 })).rejects.toThrow(/cannot go on with what has changed: replay/);
  await expect(again({})).resolves.toBeDefined();
});

test('whatever fails, is lost or comes twice, each pair counts once, and a candidate that is bad never has traffic', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        bad: fc.boolean(),
        faults: fc.uniqueArray(fc.nat(120), { maxLength: 20 }),
        lost: fc.uniqueArray(fc.nat(20), { maxLength: 6 }),
        twice: fc.uniqueArray(fc.nat(20), { maxLength: 6 }),
        dies: fc.option(fc.nat(15), { nil: undefined }),
        orders: fc.array(fc.record({ at: fc.nat(12), verb: fc.constantFrom('abort' as const, 'pause' as const, 'resume' as const) }), {
          maxLength: 3,
        }),
      }),
      async (given) => {
        let [calls, invocations, waits] = [0, 0, 0];
        let quiet = 0;
        const seen = await rollout({
          file: golden(320),
          candidate: given.bad ? () => ({ label: 'other' }) : right,
          planned: planned({ agreement: { bound: 0.05, margin: 0.1 } }, { stages: [{ percent: 20, bakeSeconds: 60, approval: false }] }),
          setUp: (at) => {
            at.db.fault = () => {
              if (quiet === 0 && given.faults.includes(calls++)) {
                throw Object.assign(new Error('throttled'), { name: 'ProvisionedThroughputExceededException' });
              }
            };
            at.db.written = (table, item) => {
              if (table === 'routes' && item !== undefined) {
                const { variants } = JSON.parse(item.route.S!) as { variants: { version: string; weight: number; role: string }[] };
                expect(given.bad && variants.some(({ version, weight }) => version === 'v2' && weight > 0)).toBe(false);
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
                const index = invocations++;
                if (given.lost.includes(index) || given.twice.includes(index)) {
                  await at.task(event.task, event).catch(() => {});
                }
                if (given.lost.includes(index)) {
                  throw new Error('the answer was lost');
                }
              },
              stop: () => given.dies !== undefined && invocations > given.dies,
            };
          },
        }).catch((error: unknown) => {
          // Only a machine whose last resort failed too ends this way.
          expect(String(error)).toMatch(/throttled|lost/);
          return undefined;
        });
        if (seen?.state.replay !== undefined) {
          expect(seen.state.replay.tally.pairs).toBe(seen.state.replay.done);
          expect(seen.state.replay.done).toBeLessThanOrEqual(320);
          expect(seen.state.replay.tally.compared).toBe(seen.state.replay.done);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('a chunk that finds nothing to do asks nothing', async () => {
  const world = new World();
  const objects = new MemoryObjects();
  objects.put('fraud.jsonl', golden(5));
  const models = new Models(world, { v1: right, v2: right }, () => 'v1');
  await world.deploy('v1', { type: 'Create', plan: planned() });
  await world.deploy('v2', { plan: planned(), request: 'change' });
  const state = (await world.state())!;
  const chunk = await replay(state, { ...newReplay(world.now), at: world.now, done: 5 }, async () => true, portsOf(world, models, objects));
  expect(chunk).toMatchObject({ from: 5, done: 5, tally: { pairs: 0 } });
  expect(models.asked).toEqual([]);
});

describe('docs/faults.md', () => {
  const often = (every: number): (() => boolean) => {
    let count = 0;
    return () => ++count % every === 0;
  };
  const long = planned({ agreement: undefined, uncertified: 'advance' }, { deadlineSeconds: 7_200 });
  const FAULTS: { readonly [fault: string]: Given } = {
    'nothing': {},
    'every task is done twice': { setUp: (world) => ({ invoke: async (event) => { await world.task(event.task, event); } }) },
    'the answer of every third task is lost': {
      setUp: (world) => {
        const third = often(3);
        return { invoke: async (event) => { if (third()) { await world.task(event.task, event); throw new Error('the answer was lost'); } } };
      },
    },
    'S3 fails for two minutes': { setUp: (world, _, objects) => { const began = world.now; objects.fault = () => { if (world.now < began + 120_000) { throw new Error('SlowDown'); } }; } },
    'the file is not there': { file: null },
    'the file has a mistake': { file: `${golden(599)}\n{"rekwest": 1}` },
    'the file is replaced half-way': {
      setUp: (_, models, objects) => { models.fault = () => { if (models.asked.length === 500) { objects.put('fraud.jsonl', golden(600, (row) => ({ request: { row: row + 1_000 } }))); objects.forget(); } }; },
    },
    'the router cannot be asked, now and then': { setUp: (_, models) => { const now = often(97); models.fault = () => { if (now()) { throw new Error('Rate Exceeded.'); } }; } },
    'the candidate has no capacity, now and then': (() => { const now = often(40); return { candidate: (body, event) => (now() ? FailureClass.THROTTLE : right(body, event)) } as Given; })(),
    'the candidate never has capacity': { candidate: () => FailureClass.THROTTLE },
    'production refuses callers for five minutes': (() => { let began: number | undefined; return { refused: ({ now }) => (now < (began ??= now) + 300_000 ? 7 : 0) } as Given; })(),
    'whether production has capacity is not known': { refused: () => { throw new Error('throttled'); } },
    'the controller dies half-way': { setUp: (_, models) => ({ stop: () => models.asked.length > 500 }) },
    'the candidate fails at one request in ten': { candidate: (body, event) => ((body as { row: number }).row % 10 === 0 ? FailureClass.MODEL : right(body, event)) },
  };

  test('says what becomes of the candidate, and how many pairs count, whatever happens in a replay', async () => {
    const rows: string[] = [];
    for (const [fault, given] of Object.entries(FAULTS)) {
      const { result, world, state } = await rollout({ ...given, planned: long });
      const rejected = await world.rollouts.rejection('fraud/live', 'v2') !== undefined;
      const { pairs = 0 } = state.replay?.tally ?? {};
      expect(pairs).toBe(state.replay?.done ?? 0);
      if (result === undefined) {
        expect(await world.shares()).toEqual({ v1: 100 });
      }
      const ended = result === 'rolled back' ? `rolled back${rejected ? ' and rejected' : ', not rejected'}` : result ?? 'never has traffic';
      rows.push(`| ${fault} | ${ended} | ${pairs === 0 || pairs === 600 ? pairs : 'some'} |`);
    }
    const page = readFileSync(join(__dirname, '../../../../docs/faults.md'), 'utf8');
    expect(page).toContain(['| what happens | the candidate | pairs |', '| --- | --- | --- |', ...rows].join('\n'));
  });
});

test('what was kept of a replay gives the same verdicts again', async () => {
  let bucket!: EvidenceBucket;
  const { state } = await rollout({
    planned: planned({}, { evidence: STORE }),
    candidate: (body) => ({ label: ((body as { row: number }).row + 1) % 3 }),
    setUp: (world) => {
      bucket = new EvidenceBucket(world);
    },
  });
  const { checks, records } = verifyBundle(bucket.bundle(state), bucket.key.publicKey);
  expect(checks.filter(({ holds }) => !holds)).toEqual([]);
  expect(records.at(-1)!.decision).toMatchObject({ verdict: 'roll back', evidence: { replay: { verdict: 'roll back' } } });
});
