import { setTimeout as sleep } from 'node:timers/promises';
import { RolloutStage, type Sent } from './rollout-stage';

/** Golden requests to both versions before any traffic: real models, `cdk deploy` that waits for it, and a caller every second. */

let stage: RolloutStage;

beforeAll(async () => {
  stage = await RolloutStage.open('test/e2e/replay-app.ts');
  await stage.deploy({ artifact: 'v1' });
});

afterAll(() => stage?.close());

/** A caller now and then, until a deployment is over. */
async function quiet<T>(until: Promise<T>): Promise<{ sent: Sent[]; result: PromiseSettledResult<T> }> {
  const sent: Sent[] = [];
  let over = false;
  const settled = Promise.allSettled([until]).finally(() => { over = true; });
  while (!over) {
    const sentAt = Date.now();
    const reply = await stage.ask('live');
    sent.push({ ...reply, sentAt, answeredAt: Date.now() });
    await sleep(1_000);
  }
  return { sent, result: (await settled)[0] };
}

const models = (sent: readonly Sent[]): string[] => [...new Set(sent.map(({ status, text }) => (status === 200 ? (JSON.parse(text) as { model: string }).model : `status ${status}`)))];

test('a model whose answers are wrong is rejected by the labels of golden requests, before any caller met it', async () => {
  const { sent, result } = await quiet(stage.deploy({ artifact: 'v2', defect: 'wrong-preprocessing' }));
  expect(result.status).toBe('rejected');
  expect(String((result as PromiseRejectedResult).reason)).toMatch(/rolled back: before any traffic, replay: (?:of \d+ labelled pairs \d+ were wrong in the candidate alone|\d+ of \d+ pairs disagree)/);
  expect(await stage.moves()).toEqual(['roll back 0']);
  expect(models(sent)).toEqual(['v1']);
  const { outcome, replay } = (await stage.state())!;
  expect(replay!.tally).toMatchObject({ pairs: replay!.done, labelled: replay!.done });
  console.log(outcome!.sentence);
});

test('a good one is certain by them, and needs neither fifty requests nor certainty from a caller every second', async () => {
  const { sent, result } = await quiet(stage.deploy({ artifact: 'v2' }));
  expect(result).toMatchObject({ status: 'fulfilled' });
  const { replay } = (await stage.state())!;
  expect(replay).toMatchObject({
    done: 240,
    requests: { total: 240, labelled: 240 },
    tally: { pairs: 240, candidateFailed: 0, productionFailed: 0 },
  });
  expect([...replay!.certified].sort()).toEqual(['replayed accuracy', 'replayed agreement', 'replayed failures', 'replayed latency']);
  expect(replay!.tally.productionWrong).toBeGreaterThan(replay!.tally.candidateWrong);
  const decisions = (await stage.decisions()).map(({ decision }) => decision);
  const first = decisions.findLast(({ verdict, percent }) => verdict === 'advance' && percent === 50)!;
  expect((await stage.moves()).slice(-3)).toEqual(['advance 50', 'advance 80', 'promote 100']);
  expect(first.sentence).toContain('of 240 labelled pairs');
  const last = decisions.at(-1)!;
  expect(last.evidence.candidate!.requests).toBeLessThan(50);
  expect(last.evidence.judgement!.verdict).toBe('hold');
  // Nobody met it before that.
  const met = sent.find(({ text }) => (JSON.parse(text) as { model: string }).model === 'v2')!;
  expect(met.answeredAt).toBeGreaterThanOrEqual(first.at);
  expect(await stage.versions()).toBe(1);
  console.log(first.sentence);
});
