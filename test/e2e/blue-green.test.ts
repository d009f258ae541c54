import { rehearsedMoves } from './rehearsed';
import { noneFailed, RolloutStage } from './rollout-stage';

/** A blue/green rollout as a user sees it: `cdk deploy`, a look at the preview, an approval. */

let stage: RolloutStage;

beforeAll(async () => {
  stage = await RolloutStage.open();
  await stage.deploy({ artifact: 'v1' });
});

afterAll(() => stage?.close());

test('blue/green: the new version answers at its preview address until somebody approves, then all requests go there at once', async () => {
  const look = async (): Promise<void> => {
    await stage.reach(-1);
    const preview = await stage.ask('live-preview');
    expect([preview.status, preview.variant]).toEqual([200, 'candidate']);
    expect((await stage.ask('live')).variant).toBe('production');
    expect(stage.commandLine('status', 'live')).toMatchObject({ code: 0, json: { aliases: [{ rollout: { kind: 'blue-green', needsApproval: 1 } }] } });
    expect(stage.commandLine('approve', 'live')).toMatchObject({ code: 0, json: { ok: true } });
  };
  // With an approval the deployment waits at a wait condition, up to twelve hours.
  const [{ sent, result }] = await Promise.all([stage.load(stage.deploy({ artifact: 'v2', tag: 'green', blueGreen: true })), look()]);
  expect(result).toEqual({ status: 'fulfilled', value: undefined });
  noneFailed(sent);
  expect(await stage.moves()).toEqual(['advance 100', 'promote 100']);
  expect(await rehearsedMoves(stage.rollout)).toEqual([await stage.moves()]);
  const switched = sent.find(({ variant }) => variant === 'candidate')!.sentAt;
  const promoted = (await stage.decisions()).at(-1)!.decision.at;
  // At once: for as long as the routers' caches live both serve, then only the new one. After the promotion it is what is called
  // production.
  const old = sent.filter(({ variant, sentAt }) => variant === 'production' && sentAt > switched && sentAt < promoted);
  expect(Math.max(0, ...old.map(({ sentAt }) => sentAt - switched))).toBeLessThan(5_500);
  expect((await stage.ask('live-preview')).status).toBe(404);
  expect(await stage.versions()).toBe(1);
});
