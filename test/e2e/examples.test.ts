import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap, deploy } from '../../scripts/emulator/cdk';
import { type Emulator, startEmulator } from '../../scripts/emulator/emulator';

jest.setTimeout(600_000);

let emulator: Emulator;
let apis: { [output: string]: string };

beforeAll(async () => {
  const python = execFileSync('python3', ['-c', 'import sys; print("python%d.%d" % sys.version_info[:2])'], { encoding: 'utf8' }).trim();
  emulator = await startEmulator();
  await bootstrap(emulator);
  ({ Examples: apis } = await deploy(emulator, 'npx tsx test/e2e/examples-app.ts', { E2E_RUNTIME: python }));
  // On a busy machine the libraries may take longer to load than a request may last; the environment goes on loading.
  for (let tries = 0; tries < 10 && ['IrisApi', 'WebAppApi'].some((api) => curl(api, ...sent('text/csv', '')).status === 504); tries++);
});

afterAll(() => emulator?.stop());

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** What curl gets, which signs the request as AWS documents it. */
function curl(api: string, ...args: string[]): Answer {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = emulator.env;
  const out = execFileSync('curl', [
    '--silent', '--show-error', '--aws-sigv4', 'aws:amz:us-east-1:execute-api', '--user', `${id}:${secret}`, '--write-out', '\n%{http_code} %{content_type}', ...args,
    `${emulator.url}/restapis/${apis[api]}/prod/_user_request_/live/invocations`,
  ], { encoding: 'utf8' });
  const at = out.lastIndexOf('\n');
  const [status, ...type] = out.slice(at + 1).split(' ');
  return { status: Number(status), type: type.join(' '), body: out.slice(0, at) };
}

const sent = (type: string, body: string): string[] => ['--header', `content-type: ${type}`, '--data-binary', body];

describe('the scikit-learn example', () => {
  const species = (answer: Answer): string[] => (JSON.parse(answer.body) as { species: string }[]).map((flower) => flower.species);

  test('answers JSON and CSV with what was trained', () => {
    for (const answer of [
      curl('IrisApi', ...sent('application/json', '[[5.1,3.5,1.4,0.2],[6.0,2.7,4.1,1.2],[6.7,3.0,5.2,2.3]]')),
      curl('IrisApi', ...sent('text/csv', '5.1,3.5,1.4,0.2\n6.0,2.7,4.1,1.2\n6.7,3.0,5.2,2.3\n')),
    ]) {
      expect([answer.status, answer.type]).toEqual([200, 'application/json']);
      expect(species(answer)).toEqual(['setosa', 'versicolor', 'virginica']);
    }
  });

  test('tells a caller what is wrong with the flowers', () => {
    const answers = [curl('IrisApi', ...sent('text/csv', '1,2\n')), curl('IrisApi', ...sent('text/csv', 'a,b\n')), curl('IrisApi', ...sent('image/png', 'x'))];
    expect(answers.map(({ status, body }) => [status, (JSON.parse(body) as { error: { message: string } }).error.message])).toEqual([
      [422, 'a list of flowers with 4 numbers each is expected'],
      [400, expect.stringContaining('the body is not valid text/csv')],
      [415, expect.stringContaining('the model takes application/json, text/csv, application/x-npy')],
    ]);
  });
});

describe('the web application', () => {
  // Two pixels, red and blue.
  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR4nGP4zwAE/wEHAAH/4iOeWQAAAABJRU5ErkJggg==', 'base64');
  const file = join(mkdtempSync(join(tmpdir(), 'image-')), 'two.png');

  beforeAll(() => writeFileSync(file, png));

  test('gets an image byte for byte, and answers with its colours', () => {
    const answer = curl('WebAppApi', '--header', 'content-type: image/png', '--data-binary', `@${file}`);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { width: 2, height: 1, mean: [127.5, 0, 127.5] }]);
  });

  test('answers with its own errors', () => {
    const answer = curl('WebAppApi', ...sent('image/png', 'no image'));
    expect([answer.status, JSON.parse(answer.body)]).toEqual([422, { detail: 'this is no image' }]);
  });
});
