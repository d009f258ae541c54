import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { bootstrap, deploy } from '../../scripts/emulator/cdk';
import { type Emulator, ensureVenv, startEmulator } from '../../scripts/emulator/emulator';

const PYTHON = join(ensureVenv('clients', join(__dirname, 'http/requirements.txt'), console.log), 'bin', 'python');

let emulator: Emulator;
let apis: { [output: string]: string };

beforeAll(async () => {
  const python = execFileSync('python3', ['-c', 'import sys; print("python%d.%d" % sys.version_info[:2])'], { encoding: 'utf8' }).trim();
  emulator = await startEmulator();
  await bootstrap(emulator);
  ({ Examples: apis } = await deploy(emulator, 'test/e2e/examples-app.ts', { E2E_RUNTIME: python }));
  // On a busy machine the libraries may take longer to load than a request may last; the environment goes on loading.
  for (let tries = 0; tries < 10 && ['IrisApi', 'WebAppApi'].some((api) => curl(api, 'text/csv', '').status === 504); tries++);
});

afterAll(() => emulator?.stop());

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const address = (api: string): string => `${emulator.url}/restapis/${apis[api]}/prod/_user_request_`;

type Client = (api: string, type: string, body: string | Buffer) => Answer;

/** What curl gets, which signs the request as AWS documents it. */
const curl: Client = (api, type, body) => {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = emulator.env;
  const out = execFileSync('curl', [
    '--silent', '--show-error', '--aws-sigv4', 'aws:amz:us-east-1:execute-api', '--user', `${id}:${secret}`, '--write-out', '\n%{http_code} %{content_type}',
    '--header', `content-type: ${type}`, '--data-binary', '@-', `${address(api)}/endpoints/live/invocations`,
  ], { encoding: 'utf8', input: body });
  const at = out.lastIndexOf('\n');
  const [status, ...answered] = out.slice(at + 1).split(' ');
  return { status: Number(status), type: answered.join(' '), body: out.slice(0, at) };
};

const python = (client: string): Client => (api, type, body) =>
  JSON.parse(execFileSync(PYTHON, [join(__dirname, 'examples.py'), client, address(api), type], { encoding: 'utf8', input: body, env: emulator.env })) as Answer;

describe.each<[string, Client]>([['curl', curl], ['requests', python('requests')], ['boto3', python('boto3')]])('%s', (_, call) => {
  /** A refusal, in the model's words. */
  const refused = ({ status, body }: Answer): unknown => [status, (JSON.parse(body) as { error: { message: string } }).error.message];

  test('gets what the scikit-learn example was trained for, from JSON and CSV', () => {
    for (const answer of [
      call('IrisApi', 'application/json', '[[5.1,3.5,1.4,0.2],[6.0,2.7,4.1,1.2],[6.7,3.0,5.2,2.3]]'),
      call('IrisApi', 'text/csv', '5.1,3.5,1.4,0.2\n6.0,2.7,4.1,1.2\n6.7,3.0,5.2,2.3\n'),
    ]) {
      expect([answer.status, answer.type]).toEqual([200, 'application/json']);
      expect((JSON.parse(answer.body) as { species: string }[]).map(({ species }) => species)).toEqual(['setosa', 'versicolor', 'virginica']);
    }
  });

  test('is told what is wrong with the flowers', () => {
    const answers = [call('IrisApi', 'text/csv', '1,2\n'), call('IrisApi', 'text/csv', 'a,b\n'), call('IrisApi', 'image/png', 'x')];
    expect(answers.map(refused)).toEqual([
      [422, 'a list of flowers with 4 numbers each is expected'],
      [400, expect.stringContaining('the body is not valid text/csv')],
      [415, expect.stringContaining('the model takes application/json, text/csv, application/x-npy')],
    ]);
  });

  test('sends the web application an image byte for byte, and gets its colours and its own errors', () => {
    // Two pixels, red and blue.
    const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR4nGP4zwAE/wEHAAH/4iOeWQAAAABJRU5ErkJggg==', 'base64');
    const [answer, error] = [call('WebAppApi', 'image/png', png), call('WebAppApi', 'image/png', 'no image')];
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { width: 2, height: 1, mean: [127.5, 0, 127.5] }]);
    expect([error.status, JSON.parse(error.body)]).toEqual([422, { detail: 'this is no image' }]);
  });
});
