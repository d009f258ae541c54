import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Validator } from '@cfworker/json-schema';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { run } from '../../../../bin/program';
import type { PinnedMlflowModel } from '../../../../lib/core/registry/pinned-mlflow-model';
import { clientConfig, type Emulator, ensureVenv, freePort, startEmulator } from '../../../../scripts/emulator/emulator';

// Models that MLflow's own client has logged and registered at MLflow's own server, with artifacts in the emulator's S3, looked up by the
// command, and served by MLflow's own scoring server.

const BIN = join(ensureVenv('mlflow', join(__dirname, 'requirements.txt'), console.log), 'bin');
const BUCKET = 'mlflow-artifacts';

let emulator: Emulator;
let folder: string;
let server: string;
let runs: readonly string[];
const processes: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'model-rollout-mlflow-'));
  emulator = await startEmulator();
  await new S3Client(clientConfig(emulator)).send(new CreateBucketCommand({ Bucket: BUCKET }));
  server = await start('mlflow', 'server', '--backend-store-uri', `sqlite:///${folder}/mlflow.db`, '--default-artifact-root', `s3://${BUCKET}/artifacts`, '--no-serve-artifacts', '--workers', '1');
  runs = (JSON.parse((await python('log_models.py', server)).trim().split('\n').at(-1)!) as { runs: string[] }).runs;
});

afterAll(async () => {
  processes.forEach(stop);
  await emulator?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const environment = (): NodeJS.ProcessEnv => ({
  ...emulator.env, PATH: [BIN, emulator.env.PATH].join(delimiter), MLFLOW_S3_ENDPOINT_URL: emulator.url, MLFLOW_HTTP_REQUEST_MAX_RETRIES: '2', MLFLOW_DISABLE_TELEMETRY: 'true', GIT_PYTHON_REFRESH: 'quiet',
});

async function python(script: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(join(BIN, 'python'), [join(__dirname, script), ...args], { env: environment(), cwd: folder });
  return stdout;
}

/** With everything that it has started. */
function stop({ pid, exitCode }: ChildProcess): void {
  if (exitCode === null) {
    process.kill(-pid!, 'SIGKILL');
  }
}

/** A server of MLflow's, once it says that it is well; its address. */
async function start(...[program, ...args]: string[]): Promise<string> {
  const port = await freePort();
  const log = join(folder, `${port}.log`);
  const output = openSync(log, 'a');
  const child = spawn(join(BIN, program), [...args, '--host', '127.0.0.1', '--port', String(port)], { env: environment(), cwd: folder, stdio: ['ignore', output, output], detached: true });
  closeSync(output);
  child.unref();
  processes.push(child);
  const url = `http://127.0.0.1:${port}`;
  while (!(await fetch(`${url}/health`).then(({ ok }) => ok, () => false))) {
    if (child.exitCode !== null) {
      throw new Error(`${program} ${args[0]} ended: ${readFileSync(log, 'utf8').slice(-500)}`);
    }
    await sleep(250);
  }
  return url;
}

interface Looked {
  readonly code: number;
  readonly document: { readonly [member: string]: unknown };
}

async function registry(...args: string[]): Promise<Looked> {
  const before = process.env;
  let stdout = '';
  try {
    process.env = environment();
    const code = await run(['registry', '--mlflow', server, ...args, '--context', join(folder, 'cdk.context.json'), '--json'], {
      out: (text) => (stdout += text), err: (text) => (stdout += text),
      interactive: false, colors: false, columns: () => 80, rows: () => 24,
    });
    return { code, document: JSON.parse(stdout) as Looked['document'] };
  } finally {
    process.env = before;
  }
}

const kept = (): { readonly [key: string]: PinnedMlflowModel } => JSON.parse(readFileSync(join(folder, 'cdk.context.json'), 'utf8')) as ReturnType<typeof kept>;
const keyOf = (rest: string): string => `cdk-model-rollout:mlflow-model:server=${server}:${rest}`;

test('the version that has an alias is kept, with the place, the content, the example and the signature of what was logged', async () => {
  const { code, document } = await registry('--model', 'fraud', '--alias', 'champion', '--require-tag', 'validation_status=approved');
  expect([code, document]).toMatchObject([0, { ok: true, command: 'registry', changed: true, key: keyOf('model=fraud:alias=champion') }]);
  expect(kept()[keyOf('model=fraud:alias=champion')]).toEqual({
    model: 'fraud', version: '1', run: runs[0], tags: { validation_status: 'approved' },
    artifact: expect.stringMatching(new RegExp(`^s3://${BUCKET}/artifacts/.+/$`)) as string,
    content: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    requests: [{ name: "the model's input example", contentType: 'application/json', body: expect.stringContaining('dataframe_split') as string }],
    answers: { type: 'object', required: ['predictions'], properties: { predictions: { type: 'array', items: { type: 'number' } } } },
  });
});

test("what is kept of another version differs, and a model without example and signature is kept without", async () => {
  await registry('--model', 'fraud', '--model-version', '2');
  const [first, second] = [kept()[keyOf('model=fraud:alias=champion')], kept()[keyOf('model=fraud:version=2')]];
  expect(second).toMatchObject({ version: '2', run: runs[1], tags: {} });
  expect(second.content).not.toBe(first.content);
  await registry('--model', 'plain', '--model-version', '1');
  expect(Object.keys(kept()[keyOf('model=plain:version=1')])).toEqual(['model', 'version', 'run', 'tags', 'artifact', 'content']);
});

test.each<[string, string[], number, string, RegExp]>([
  ['an alias that nobody has', ['--model', 'fraud', '--alias', 'nobody'], 3, 'NO_MODEL', /alias nobody not found.*: are name, alias and version right/],
  ['a version that is not there', ['--model', 'fraud', '--model-version', '9'], 3, 'NO_MODEL', /version=9\) not found/],
  ['a model that is not there', ['--model', 'nothing', '--model-version', '1'], 3, 'NO_MODEL', /name=nothing/],
])('%s is an error in one sentence', async (_, args, code, name, message) => {
  expect(await registry(...args)).toMatchObject({
    code, document: { error: { code: name, message: expect.stringMatching(message) as unknown } },
  });
});

test('MLflow answers its own example as the signature says that it will', async () => {
  await registry('--model', 'table', '--model-version', '1');
  const models = { fraud: kept()[keyOf('model=fraud:alias=champion')], table: kept()[keyOf('model=table:version=1')] };
  for (const { artifact, requests: [{ body, contentType }] = [], answers } of Object.values(models)) {
    const scoring = await start('mlflow', 'models', 'serve', '--model-uri', artifact.replace(/\/$/, ''), '--env-manager', 'local');
    const answer = await fetch(`${scoring}/invocations`, { method: 'POST', headers: { 'content-type': contentType }, body });
    expect(answer.status).toBe(200);
    const document: unknown = await answer.json();
    expect(new Validator(answers!, '2020-12').validate(document)).toMatchObject({ valid: true });
    stop(processes.pop()!);
  }
});

test('an alias that moves is told, and taken over with --renew only; what loses its tag or goes is an error, so that CI sees it', async () => {
  const champion = ['--model', 'fraud', '--alias', 'champion'];
  const asked = async (...args: string[]): Promise<Looked> => registry(...champion, ...args);
  const change = (change: string): Promise<string> => python('change_model.py', server, change);
  await change('move-champion');
  expect(await asked()).toMatchObject({ code: 0, document: { changed: false, newer: '2', model: { version: '1' } } });
  await change('lose-approval');
  expect(await asked('--require-tag', 'validation_status=approved')).toMatchObject({ code: 5, document: { error: {
    code: 'MODEL_REFUSED', message: expect.stringMatching(/version 1 of model "fraud" has no tag "validation_status".* still has it as it was; --renew takes 2/) as unknown,
  } } });
  await change('delete-first');
  expect(await asked()).toMatchObject({ code: 3, document: { error: { code: 'NO_MODEL' } } });
  expect(await asked('--renew')).toMatchObject({ code: 0, document: { changed: true, model: { version: '2' } } });
  await change('archive-second');
  expect(await asked()).toMatchObject({ code: 5, document: { error: { code: 'MODEL_REFUSED', message: expect.stringContaining('is archived') as unknown } } });
});

test('a server that serves its artifacts itself is told where in S3 it keeps them', async () => {
  server = await start(
    'mlflow', 'server', '--backend-store-uri', `sqlite:///${folder}/proxied.db`, '--artifacts-destination', `s3://${BUCKET}/proxied`, '--workers', '1',
  );
  await python('log_models.py', server);
  const asked = (...args: string[]): Promise<Looked> => registry('--model', 'fraud', '--model-version', '1', ...args);
  expect(await asked()).toMatchObject({ code: 2, document: { error: { code: 'NO_DESTINATION', message: expect.stringContaining('mlflow-artifacts:/') as unknown } } });
  expect(await asked('--artifacts-destination', `s3://${BUCKET}/elsewhere`)).toMatchObject({ code: 5, document: { error: { code: 'MODEL_UNFIT', message: expect.stringMatching(/no file MLmodel .* correct --artifacts-destination/) as unknown } } });
  expect(await asked('--artifacts-destination', `s3://${BUCKET}/proxied`)).toMatchObject({
    code: 0, document: { model: { artifact: expect.stringContaining(`s3://${BUCKET}/proxied/`) as unknown, requests: [{}] } },
  });
});
