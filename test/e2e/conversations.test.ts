import { setTimeout as sleep } from 'node:timers/promises';
import { deploy } from '../../scripts/emulator/cdk';
import { EndpointClient } from '../../scripts/emulator/client';
import { RolloutStage } from './rollout-stage';

const APP = 'test/e2e/conversations-app.ts';
/** How long a router may not know of a change of its route, and some more. */
const KNOWN_MS = 6_000;

interface Turn {
  readonly name: string | null;
  readonly opened?: string;
  readonly closed?: string;
}
type Ask = (token?: string, headers?: { [name: string]: string }) => Promise<Turn>;

const STAYS = { opened: undefined, closed: undefined };

let stage: RolloutStage;

beforeAll(async () => {
  stage = await RolloutStage.open(APP);
});

afterAll(() => stage?.close());

function asking(client: EndpointClient): Ask {
  return async (token, more = {}) => {
    const { variant, headers } = await client.invoke('{"text":"hello"}', { ...more, ...(token !== undefined && { 'x-amzn-sagemaker-session-id': token }) });
    const of = (header: string): string | undefined => headers.get(header)?.split(';')[0];
    return { name: variant, opened: of('x-amzn-sagemaker-new-session-id'), closed: of('x-amzn-sagemaker-closed-session-id') };
  };
}

async function severalOpened(ask: Ask, count: number): Promise<Turn[]> {
  const opened: Turn[] = [];
  for (let i = 0; i < count; i++) {
    opened.push(await ask());
  }
  return opened;
}

test('the cohort gets a candidate first, then conversations stay with their version, and a rollback moves those of the candidate alone', async () => {
  await stage.deploy({ artifact: 'v1' });
  const ask = asking(stage.client);
  const earlier = await severalOpened(ask, 2);
  const cohort = { 'x-canary': 'yes' };

  const through = async (): Promise<Turn[]> => {
    await stage.reach(0);
    await sleep(KNOWN_MS);
    for (let i = 0; i < 10; i++) {
      expect(await ask(undefined, cohort)).toMatchObject({ name: 'candidate' });
      expect(await ask()).toMatchObject({ name: 'production' });
    }
    await stage.reach(1);
    await sleep(KNOWN_MS);
    const opened = await severalOpened(ask, 24);
    expect(new Set(opened.map(({ name }) => name))).toEqual(new Set(['production', 'candidate']));
    for (const { name, opened: token } of [...earlier, ...opened]) {
      expect(await ask(token)).toEqual({ name, ...STAYS });
    }
    expect(stage.commandLine('abort', 'live', '--reason', 'it is rude')).toMatchObject({ code: 0, json: { ok: true } });
    return opened;
  };
  const [opened, deployment] = await Promise.all([through(), stage.deploy({ artifact: 'v2' }).catch((error: unknown) => error)]);
  expect(String(deployment)).toMatch(/it is rude/);
  await sleep(KNOWN_MS);
  expect(await ask(undefined, cohort)).toMatchObject({ name: 'production' });
  for (const { name, opened: token } of [...earlier, ...opened]) {
    expect(await ask(token)).toEqual(name === 'production'
      ? { name, ...STAYS }
      : { name: 'production', opened: expect.stringContaining('-mr-'), closed: token });
  }
});

test('a conversation stays with its version until a deployment takes that away, and then is told so', async () => {
  const deployed = async (names: string): Promise<Ask> => {
    const { Chat: { ApiId: apiId } } = await deploy(stage.emulator, APP, { E2E_NAMES: names });
    return asking(new EndpointClient(stage.emulator, apiId));
  };
  let ask = await deployed('a,b');
  const opened = await severalOpened(ask, 16);
  expect(new Set(opened.map(({ name }) => name))).toEqual(new Set(['a', 'b']));
  for (const { name, opened: token } of opened) {
    expect(await ask(token)).toEqual({ name, ...STAYS });
  }
  ask = await deployed('a');
  for (const { name, opened: token } of opened) {
    expect(await ask(token)).toEqual(name === 'a'
      ? { name: 'a', ...STAYS }
      : { name: 'a', opened: expect.stringContaining('-mr-'), closed: token });
  }
});
