import { DeleteFunctionCommand, PublishVersionCommand } from '@aws-sdk/client-lambda';
import { NoControlError } from '../../../lambda/controller/backends/backend';
import { removeControl, startControl } from '../../../lambda/controller/control-arm';
import { controlOf } from '../../../lib/core/rollout/control-arm';
import type { RolloutPlan } from '../../../lib/core/rollout/plan';
import type { EvidenceGuardrailPlan } from '../../../lib/core/guardrails/kinds';
import type { RolloutState } from '../../../lib/core/rollout/state';
import { effectiveVariants } from '../../../lib/core/routing/effective';
import type { Target } from '../../../lib/core/backends/backends';
import { variant } from '../../fixtures/serving';
import { follow, run } from '../../fixtures/run';
import { type Behaviour, Traffic } from '../../fixtures/traffic';
import { plan } from '../../fixtures/plan';
import { healthy, World } from '../../fixtures/world';

const MINUTE = 60_000;
const copy: Target = { kind: 'lambda', functionArn: 'arn:aws:lambda:us-east-1:1:function:v1:7', contract: 'json', maxRequestBytes: 1e6 };
const CONTROL = 'v1control';

const planned = (overrides: Partial<RolloutPlan> = {}): RolloutPlan => plan({
  control: 'fresh', stages: [5, 25, 40].map((percent) => ({ percent, bakeSeconds: 600, approval: false })), deadlineSeconds: 3 * 3_600, ...overrides,
});

function controlled(): World {
  const world = new World();
  world.control = (state) => controlOf(state, copy);
  return world;
}

describe('a rollout that compares with production started anew', () => {
  test('gives it the candidate\'s share at every step, production the rest, and the candidate all at the end', async () => {
    const world = controlled();
    const seen = new Set<string>();
    await run(world, planned(), { onWait: async () => { seen.add(JSON.stringify(await world.shares())); } });
    expect([...seen].map((each) => JSON.parse(each) as object)).toEqual([
      { v1: 90, v2: 5, [CONTROL]: 5 }, { v1: 50, v2: 25, [CONTROL]: 25 }, { v1: 20, v2: 40, [CONTROL]: 40 }, { v2: 100 },
    ]);
    expect((await world.route())?.variants).toMatchObject([{ name: 'production', version: 'v2' }]);
    expect(world.released).toBe(1);
  });

  test('production has all of it back by a guardrail, by an abort and when the lease runs out', async () => {
    const rolledBack = controlled();
    rolledBack.evidence = ({ stage }) => (stage === 1 ? { ...healthy, guardrails: [{ name: 'errors', action: 'rollback', status: 'triggered', detail: 'alarm errors is in ALARM' }] } : healthy);
    await run(rolledBack, planned());
    expect(await rolledBack.shares()).toEqual({ v1: 100 });
    expect(rolledBack.released).toBe(1);

    const aborted = controlled();
    let waits = 0;
    await run(aborted, planned(), { onWait: async () => {
      if (waits++ === 3) {
        await aborted.order('abort', { reason: 'wrong prices' });
        expect(await aborted.shares()).toEqual({ v1: 100 });
      }
    } });
    expect((await aborted.route())?.variants.map(({ name }) => name)).toEqual(['production']);

    const dead = controlled();
    await run(dead, planned(), { stop: () => dead.decisions().length > 3 });
    expect(await dead.shares()).toHaveProperty(CONTROL);
    const route = (await dead.route())!;
    expect(effectiveVariants(route, dead.now + 181_000).map(({ name }) => name)).toEqual(['production']);
  });

  test('does not begin before it can be called', async () => {
    const world = controlled();
    let tries = 0;
    world.control = (state) => {
      if (tries++ < 3) {
        throw new Error('its version is Pending');
      }
      return controlOf(state, copy);
    };
    await run(world, planned());
    expect(world.decisions().slice(0, 4).map(({ decision }) => decision.sentence.slice(0, 76))).toEqual([
      ...Array.from({ length: 3 }, () => 'holding at 0 %: the fresh control is not there: Error: its version is Pendin'), expect.stringContaining('advancing from 0 % to 5 %'),
    ]);
  });

  test('ends before it has begun where there can be none, and rejects nobody', async () => {
    const world = controlled();
    world.control = () => { throw new NoControlError('production is not a Lambda function, and only these can be started anew'); };
    await run(world, planned());
    expect(world.answers).toMatchObject([{ outcome: {
      result: 'rolled back',
      sentence: 'rolled back: there is no fresh control to compare with: production is not a Lambda function, and only these can be started anew; leave freshControl out for this deployment',
    } }]);
    expect(await world.rollouts.rejection('fraud/live', 'v2')).toBeUndefined();
  });

  test('begins again with a control of the new production when that changes under an experiment', async () => {
    const world = controlled();
    const experiment = planned({ answer: 'detached', productionChange: 'keep', deadlineSeconds: 86_400, stages: [5, 40].map((percent) => ({ percent, bakeSeconds: 7_200, approval: false })) });
    await world.deploy('v1', { type: 'Create', plan: experiment, candidate: 'v2' });
    await follow(world, { stop: () => world.now > 1_700_000_000_000 + 10 * MINUTE });
    expect(await world.shares()).toEqual({ v1: 90, v2: 5, [CONTROL]: 5 });
    await world.deploy('v1b', { plan: experiment, candidate: 'v2', formerCandidate: 'v2' });
    expect(await world.shares()).toEqual({ v1b: 100 });
    await follow(world);
    expect(await world.shares()).toEqual({ v2: 100 });
    expect(world.decisions().filter(({ decision }) => decision.sentence.startsWith('advancing from 0 %'))).toHaveLength(2);
    expect((await world.state())?.control?.version).toBe('v1bcontrol');
  });
});

describe('the evidence', () => {
  const errors: EvidenceGuardrailPlan = { kind: 'errors', name: 'errors', action: 'rollback', allowed: { ratio: 1.1, tolerance: 0.0005 } };
  const latency: EvidenceGuardrailPlan = { kind: 'latency', name: 'latency', action: 'rollback', quantiles: [0.5, 0.9, 0.99], slowdown: 1.1, allowed: { ratio: 1.1, tolerance: 0.0005 } };
  const judged = (overrides: Partial<RolloutPlan> = {}): RolloutPlan => planned({
    guardrails: [errors, latency], settlingSeconds: 60,
    judgement: { alpha: 0.01, sampleRatio: { tolerance: 0.05, alpha: 0.001 }, uncertified: { afterSeconds: 600, policy: 'advance' } }, ...overrides,
  });
  /** Answers take twice as long for so many minutes after the rollout has begun, while caches fill. */
  const cold = (minutes: number, more: Partial<Behaviour> = {}) => (world: World) => {
    const begun = world.now;
    return (at: number): Behaviour => ({ errors: 0.01, medianMs: at < begun + minutes * MINUTE ? 200 : 100, ...more });
  };

  async function rollOut(
    override: Partial<RolloutPlan>,
    versions: (world: World) => { [version: string]: Behaviour | ((at: number) => Behaviour) },
    seed = 1,
  ): Promise<{ world: World; result?: string; sentence: string; minutes: number }> {
    const world = controlled();
    const traffic = new Traffic(world, { requestsPerSecond: 20, seed, versions: versions(world) });
    traffic.history('v1', 6);
    traffic.reachesController();
    const asked = judged(override);
    await world.deploy('v1', { type: 'Create', plan: asked });
    await world.deploy('v2', { plan: asked, request: 'change' });
    const started = world.now;
    await follow(world, { onWait: (seconds) => traffic.advance(world.now + seconds * 1_000) });
    return {
      world,
      result: world.answers.at(-1)?.outcome.result,
      sentence: world.answers.at(-1)?.outcome.sentence ?? '',
      minutes: (world.now - started) / MINUTE,
    };
  }

  const warm = { errors: 0.01 };

  test('compares what is as cold: caches that fill for half an hour roll no candidate back, as they do beside production as it is', async () => {
    const versions = (world: World): { [version: string]: Behaviour | ((at: number) => Behaviour) } => ({
      v1: warm,
      v2: cold(30)(world),
      [CONTROL]: cold(30)(world),
    });
    const counts = { fresh: 0, standing: 0 };
    for (let seed = 1; seed <= 10; seed++) {
      counts.fresh += Number((await rollOut({}, versions, seed)).result === 'rolled back');
      counts.standing += Number((await rollOut({ control: undefined }, versions, seed)).result === 'rolled back');
    }
    expect(counts).toEqual({ fresh: 0, standing: 10 });
  });

  test('finds a candidate that fails more, that is slower, or that stays cold for longer', async () => {
    const found = async (v2: (world: World) => (at: number) => Behaviour): Promise<string> =>
      (await rollOut({}, (world) => ({ v1: warm, v2: v2(world), [CONTROL]: cold(10)(world) }))).sentence;
    expect(await found(cold(10, { errors: 0.05 }))).toMatch(/^rolled back: errors: \d/);
    expect(await found(cold(0, { medianMs: 200 }))).toMatch(/^rolled back: requests slower than/);
    expect(await found(cold(600))).toMatch(/^rolled back: requests slower than/);
  });

  test('holds on production where the control itself fails, and would make anything look good', async () => {
    const { world, result, sentence } = await rollOut({}, () => ({ v1: warm, v2: { errors: 0.2 }, [CONTROL]: { errors: 0.5 } }));
    expect(result).toBe('rolled back');
    expect(sentence).toMatch(/^rolled back: the deadline of 3 h passed at 5 %: .*/);
    expect(world.decisions().some(({ decision }) => decision.verdict === 'invalid' && decision.sentence.includes('the control fails more than production, of which it is a copy'))).toBe(true);
    expect(world.decisions().some(({ decision }) => decision.percent > 5)).toBe(false);
  });
});

describe('production\'s version', () => {
  const production = variant('production', { version: 'v1', target: { kind: 'lambda', functionArn: 'arn:aws:lambda:us-east-1:1:function:v1', contract: 'json', maxRequestBytes: 1e6 } });
  const state = (more: Partial<RolloutState> = {}): RolloutState => ({ production, candidate: variant('candidate', { version: 'v2', timeBudgetMs: 4_000 }), routerFunction: 'router', ...more } as RolloutState);
  const clients = (
    answer: () => object,
    problems: string[] = [],
  ): { sent: object[]; lambda: { send: never }; router: { probe: () => Promise<{ problems: string[] }> } } => {
    const sent: object[] = [];
    return {
      sent,
      lambda: { send: (async (command: { input: object }) => (sent.push(command), answer())) as never },
      router: { probe: async () => ({ problems }) },
    };
  };
  const fails = (name: string) => () => { throw Object.assign(new Error('no'), { name }); };

  test('is published, which is environments of its own, and called like a candidate', async () => {
    const from = clients(() => ({ FunctionArn: 'arn:aws:lambda:us-east-1:1:function:v1:3', State: 'Active' }));
    expect(await startControl(state(), from)).toEqual({
      name: 'control', role: 'control', version: 'v1control', weight: 0, timeBudgetMs: 4_000, target: { ...production.target, functionArn: 'arn:aws:lambda:us-east-1:1:function:v1:3' },
    });
    expect(from.sent).toMatchObject([{ input: { FunctionName: 'arn:aws:lambda:us-east-1:1:function:v1' } }]);
    expect(from.sent[0]).toBeInstanceOf(PublishVersionCommand);
  });

  test('is waited for while it is made, and until the router may call it', async () => {
    await expect(startControl(state(), clients(() => ({ FunctionArn: 'a', State: 'Pending' })))).rejects.toThrow('its version is Pending');
    await expect(startControl(state(), clients(() => ({ FunctionArn: 'a' }), ['may not']))).rejects.toThrow('may not');
    await expect(startControl(state(), clients(fails('TooManyRequestsException')))).rejects.not.toThrow(NoControlError);
  });

  test.each<[string, Partial<RolloutState>]>([
    ['is no function', { production: { ...production, target: { kind: 'sagemaker', endpointName: 'e', maxRequestBytes: 1 } } }],
    ['is a published version', { production: { ...production, target: { ...production.target, functionArn: 'arn:aws:lambda:us-east-1:1:function:v1:3' } as Target } }],
  ])('cannot be started anew where it %s', async (_, more) => {
    await expect(startControl(state(more), clients(() => ({})))).rejects.toThrow(NoControlError);
  });

  test('of another stack may not be', async () => {
    await expect(startControl(state(), clients(fails('AccessDeniedException')))).rejects.toThrow(NoControlError);
  });

  test('is removed as a version, never as a function, and once', async () => {
    const control = controlOf(state(), { ...production.target, functionArn: 'arn:aws:lambda:us-east-1:1:function:v1:3' } as Target);
    const from = clients(() => ({}));
    await removeControl(state({ control }), from);
    expect(from.sent).toMatchObject([{ input: { FunctionName: 'arn:aws:lambda:us-east-1:1:function:v1', Qualifier: '3' } }]);
    expect(from.sent[0]).toBeInstanceOf(DeleteFunctionCommand);
    await removeControl(state({ control: { ...control, target: production.target } }), from);
    await removeControl(state(), from);
    expect(from.sent).toHaveLength(1);
    await removeControl(state({ control }), clients(fails('ResourceNotFoundException')));
    await expect(removeControl(state({ control }), clients(fails('AccessDeniedException')))).rejects.toThrow('no');
  });
});
