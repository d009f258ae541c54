import { bootstrap, deploy } from '../../scripts/emulator/cdk';
import { EndpointClient } from '../../scripts/emulator/client';
import { type Emulator, startEmulator } from '../../scripts/emulator/emulator';

let emulator: Emulator;

interface Turn {
  readonly name: string | null;
  readonly opened?: string;
  readonly closed?: string;
}

beforeAll(async () => {
  emulator = await startEmulator({});
  await bootstrap(emulator);
});

afterAll(async () => {
  await emulator?.stop();
});

async function deployed(names: string): Promise<(token?: string) => Promise<Turn>> {
  const { Talk: { ApiId: apiId } } = await deploy(emulator, 'test/e2e/conversations-app.ts', { E2E_NAMES: names });
  const client = new EndpointClient(emulator, apiId);
  return async (token) => {
    const { variant, headers } = await client.invoke('{"text":"hello"}', token === undefined ? {} : { 'x-amzn-sagemaker-session-id': token });
    const of = (header: string): string | undefined => headers.get(header)?.split(';')[0];
    return { name: variant, opened: of('x-amzn-sagemaker-new-session-id'), closed: of('x-amzn-sagemaker-closed-session-id') };
  };
}

test('a conversation stays with its version until a deployment takes that away, and then is told so', async () => {
  let ask = await deployed('a,b');
  const opened: Turn[] = [];
  for (let i = 0; i < 16; i++) {
    opened.push(await ask());
  }
  expect(new Set(opened.map(({ name }) => name))).toEqual(new Set(['a', 'b']));
  for (const { name, opened: token } of opened) {
    expect(await ask(token)).toEqual({ name, opened: undefined, closed: undefined });
  }
  ask = await deployed('a');
  for (const { name, opened: token } of opened) {
    expect(await ask(token)).toEqual(name === 'a'
      ? { name: 'a', opened: undefined, closed: undefined }
      : { name: 'a', opened: expect.stringContaining('-mr-'), closed: token });
  }
});
