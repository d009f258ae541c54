import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metric } from '../../lib/core/names';
import { ensureVenv } from '../../scripts/emulator/emulator';
import { type ChatFront, KEY, openChatFront } from '../fixtures/chat-front';
import { route, variant } from '../fixtures/serving';

// OpenAI's own client for Python and LangChain, as they are, against a model that really generates: a transformer with random weights in
// llama.cpp's server. Between them the API as its template says, and the router's bundle behind Lambda's runtime protocol: the emulator
// does not stream.

const FOLDER = join(__dirname, 'open-ai');
let python: string;
let model: ChildProcess;
let front: ChatFront;

beforeAll(async () => {
  python = join(ensureVenv('open-ai', join(FOLDER, 'requirements.txt'), console.log), 'bin', 'python');
  const weights = join(mkdtempSync(join(tmpdir(), 'model-')), 'tiny.gguf');
  expect(spawnSync(python, [join(FOLDER, 'tiny_model.py'), weights], { encoding: 'utf8' })).toMatchObject({ status: 0 });
  model = spawn(python, [join(FOLDER, 'model_server.py'), weights], { stdio: ['pipe', 'pipe', 'ignore'] });
  const [address] = (await once(model.stdout!, 'data')) as [Buffer];
  const url = `${address.toString().trim()}/v1/chat/completions`;
  front = await openChatFront({
    route: route([variant('production', { timeBudgetMs: 60_000, target: { kind: 'http', url, maxRequestBytes: 6_291_456 } })]),
    model: () => {},
    env: { MODEL_ROLLOUT_TIMEOUT_MS: '60000', MODEL_ROLLOUT_IDLE_TIMEOUT_MS: '60000' },
  });
});
afterAll(async () => {
  await front.close();
  model.stdin!.end();
  model.kill();
});

test('clients in Python talk to a model that generates', async () => {
  const clients = spawn(python, [join(FOLDER, 'clients.py'), `${front.api.url}/v1`, KEY]);
  let [out, err] = ['', ''];
  clients.stdout.on('data', (data: Buffer) => (out += data));
  clients.stderr.on('data', (data: Buffer) => (err += data));
  await once(clients, 'close');
  expect(err).toBe('');
  const told = JSON.parse(out) as { readonly [what: string]: { readonly [name: string]: unknown } };
  // Without temperature the model says the same to everybody, in one piece as in many.
  const { text } = told.whole;
  expect(String(text).length).toBeGreaterThan(0);
  expect(told).toEqual({
    'whole': { text, finish: 'length', in: told.whole.in, out: 12, id: expect.stringMatching(/^request-\d+$/) as string },
    'streamed': { text, finish: 'length', in: told.whole.in, out: 12 },
    'models': ['live'],
    'wrong key': { class: 'AuthenticationError', code: 'UNAUTHORIZED', type: 'authentication_error', param: null },
    'no alias': { class: 'NotFoundError', code: 'ALIAS_NOT_FOUND', type: 'invalid_request_error', param: 'model' },
    'chain': text,
    'chain streamed': text,
  });
  await front.router.settled();
  const counted = front.router.takeLog().filter((line) => line[Metric.TOKENS_OUT] !== undefined);
  // LangChain does not ask for the usage of a stream, so that it is estimated.
  expect(counted.some((line) => line[Metric.ESTIMATED_TOKENS] === 1)).toBe(true);
  const known = counted.filter((line) => line[Metric.ESTIMATED_TOKENS] === 0);
  expect(known.length).toBeGreaterThanOrEqual(3);
  expect(known.map((line) => [line[Metric.TOKENS_IN], line[Metric.TOKENS_OUT]])).toEqual(known.map(() => [told.whole.in, 12]));
});
