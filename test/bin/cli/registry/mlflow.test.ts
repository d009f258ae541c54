import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Run, runCli } from '../../../fixtures/fake-aws';
import { selfSigned } from '../../../fixtures/self-signed';
import { serveHttp } from '../../../fixtures/serving';

// How an MLflow server is asked, and what it may answer besides: MLflow's own server is asked in test/e2e/registry/mlflow.

const OBJECTS = new Map([['mlflow/m-1/artifacts/MLmodel', 'flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n']]);
const VERSION = { name: 'fraud', version: '1', status: 'READY', run_id: '', current_stage: 'None' };

interface Asked {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

interface Answers {
  readonly version?: object;
  readonly uri?: string;
  readonly refuse?: readonly [status: number, body: string];
}

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'model-rollout-mlflow-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** A server that answers as MLflow's does. */
function answering(
  { version = VERSION, uri = 's3://mlflow/m-1/artifacts', refuse }: Answers, asked: Asked[],
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    asked.push({ url: request.url!, headers: request.headers });
    const body = request.url!.includes('get-download-uri') ? { artifact_uri: uri } : { model_version: version };
    response.writeHead(refuse?.[0] ?? 200).end(refuse?.[1] ?? JSON.stringify(body));
  };
}

async function registry(
  answers: Answers, env: NodeJS.ProcessEnv = {}, server?: string, objects: ReadonlyMap<string, string> = OBJECTS,
): Promise<Run & { readonly asked: readonly Asked[] }> {
  const asked: Asked[] = [];
  const answer = answering(answers, asked);
  const http = await serveHttp((request, _, response) => answer(request, response));
  try {
    const given = server === undefined ? env : { ...env, SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT: http.url };
    const run = await runCli(['registry', '--mlflow', server ?? http.url, '--model', 'fraud', '--model-version', '1', '--json'], { objects }, given, folder);
    return { ...run, asked };
  } finally {
    await http.close();
  }
}

test.each<[string, NodeJS.ProcessEnv, string | undefined]>([
  ['nobody', {}, undefined],
  ['a user with a password', { MLFLOW_TRACKING_USERNAME: 'ada', MLFLOW_TRACKING_PASSWORD: 'secret' }, `Basic ${Buffer.from('ada:secret').toString('base64')}`],
  ['who has a token', { MLFLOW_TRACKING_TOKEN: 'token' }, 'Bearer token'],
])('a server is asked as %s, by the variables of MLflow', async (_, env, authorization) => {
  const { code, asked } = await registry({}, env);
  expect(code).toBe(0);
  expect(asked.map(({ url }) => url)).toEqual([
    '/api/2.0/mlflow/model-versions/get?name=fraud&version=1', '/api/2.0/mlflow/model-versions/get-download-uri?name=fraud&version=1',
  ]);
  expect(new Set(asked.map(({ headers }) => headers.authorization))).toEqual(new Set([authorization]));
});

test.each<[string, string, string]>([
  ['mlflow-tracking-server/fraud', 'x-mlflow-sm-tracking-server-arn', 'sagemaker-mlflow'],
  ['mlflow-app/app-A1B2', 'x-sm-mlflow-app-arn', 'sagemaker'],
])("SageMaker's %s is asked with a signature of the ARN's region, and named in a header", async (id, header, service) => {
  const arn = `arn:aws:sagemaker:eu-north-1:111122223333:${id}`;
  const { code, asked } = await registry({}, { MLFLOW_TRACKING_TOKEN: 'of another server' }, arn);
  expect(code).toBe(0);
  for (const { headers } of asked) {
    expect(headers[header]).toBe(arn);
    expect(headers.authorization).toMatch(new RegExp(`^AWS4-HMAC-SHA256 Credential=x/\\d{8}/eu-north-1/${service}/aws4_request, SignedHeaders=.*${header}`));
  }
});

test('a server behind IAM is asked with a signature, where MLflow would', async () => {
  const { asked } = await registry({}, { MLFLOW_TRACKING_AWS_SIGV4: 'true' });
  expect(asked[0].headers.authorization).toMatch(/\/eu-west-1\/execute-api\/aws4_request/);
});

test('the certificate of a server is checked, by the one that MLflow is told to trust', async () => {
  const { key, cert } = selfSigned();
  const asked: Asked[] = [];
  const server = createServer({ key, cert }, answering({}, asked));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, cert);
  const ask = (env: NodeJS.ProcessEnv): Promise<Run> => runCli(
    ['registry', '--mlflow', `https://127.0.0.1:${(server.address() as AddressInfo).port}`, '--model', 'fraud', '--model-version', '1', '--renew'],
    { objects: OBJECTS }, env, folder,
  );
  try {
    expect(await ask({})).toMatchObject({ code: 5, stderr: expect.stringMatching(/cannot be reached \(.*certificate/) });
    expect(await ask({ MLFLOW_TRACKING_SERVER_CERT_PATH: ca })).toMatchObject({ code: 0 });
    expect(await ask({ MLFLOW_TRACKING_INSECURE_TLS: 'true' })).toMatchObject({ code: 0 });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

test.each<[string, Answers, number, string, RegExp]>([
  ['a version that is not registered yet', { version: { ...VERSION, status: 'PENDING_REGISTRATION' } }, 5, 'MODEL_UNFIT', /is PENDING_REGISTRATION, not READY; wait until MLflow has it/],
  ['one that could not be', { version: { ...VERSION, status: 'FAILED_REGISTRATION', status_message: 'no space' } }, 5, 'MODEL_UNFIT', /not READY \(no space\); register it again/],
  ['artifacts elsewhere', { uri: 'gs://models/m-1' }, 5, 'MODEL_UNFIT', /is at gs:\/\/models\/m-1, but SageMaker takes models from S3/],
  ['credentials that it refuses', { refuse: [401, 'no'] }, 4, 'MLFLOW_DENIED', /set MLFLOW_TRACKING_USERNAME/],
  ['a server that is none of MLflow', { refuse: [200, '<html>'] }, 5, 'MLFLOW_FAILED', /does not answer in JSON/],
  ['a server that fails', { refuse: [500, '{"error_code":"INTERNAL_ERROR","message":"database is locked\\nat line 1"}'] }, 5, 'MLFLOW_FAILED', /status 500: INTERNAL_ERROR: database is locked$/],
])('%s is an error in one sentence, and nothing is kept', async (_, answers, code, name, message) => {
  const run = await registry(answers);
  expect([run.code, run.json()]).toMatchObject([code, { error: { code: name, message: expect.stringMatching(message) as unknown } }]);
  expect(() => readFileSync(join(folder, 'cdk.context.json'))).toThrow('ENOENT');
});

test.each<[string, string, RegExp]>([
  ['a model that only its own library can load', 'flavors:\n  sklearn: {}\n', /no flavor python_function/],
  ['a file that is no MLmodel', 'flavors: [', /the file MLmodel of version 1 of model "fraud" cannot be read/],
])('%s cannot be served', async (_, text, message) => {
  const run = await registry({}, {}, undefined, new Map([['mlflow/m-1/artifacts/MLmodel', text]]));
  expect([run.code, run.json()]).toMatchObject([5, { error: { code: 'MODEL_UNFIT', message: expect.stringMatching(message) as unknown } }]);
});
