import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { Model, type PythonFunctionModelProps } from '../../../lib';

export const echo = 'def predict(request):\n    return request\n';

/** A new folder with files. */
export function folder(files: { [name: string]: string | Buffer }): string {
  const directory = mkdtempSync(join(tmpdir(), 'python-model-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  return directory;
}

export interface Synthesized {
  readonly stack: Stack;
  readonly template: Template;
  /** Folder of the bundled code. */
  readonly bundle: string;
  /** Logical id of the function, which has the version's digest. */
  readonly id: string;
}

/** Synthesize a stack with the model. */
export function synth(
  entry: string, props: Partial<PythonFunctionModelProps> = {}, outdir = mkdtempSync(join(tmpdir(), 'cdk-out-')),
): Synthesized {
  const app = new App({ outdir });
  const stack = new Stack(app, 'Stack');
  const model = Model.pythonFunction({ entry, ...props });
  expect(model.validate()).toEqual([]);
  model.bind(new Construct(stack, 'Endpoint'), { invoker: new iam.Role(stack, 'Router', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') }) });
  const template = Template.fromStack(stack);
  const asset = readdirSync(app.outdir).find((name) => name.startsWith('asset.') && statSync(join(app.outdir, name)).isDirectory())!;
  return { stack, template, bundle: join(app.outdir, asset), id: Object.keys(template.findResources('AWS::Lambda::Function'))[0] };
}

/** All problems that synthesis would report. */
export function problems(files: { [name: string]: string | Buffer }, props: Partial<PythonFunctionModelProps> = {}): string[] {
  return Model.pythonFunction({ entry: folder(files), ...props }).validate();
}

/** A request as the router hands it on. */
export interface ModelRequest {
  readonly body: string | Buffer;
  readonly headers?: { readonly [name: string]: string };
  readonly query?: string;
}

/** What came of it: an answer, or the type and message of what the function raised. */
export interface ModelAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
  readonly error?: string;
}

/** Load the bundle as Lambda would, in a Python of its own, and send it requests. */
export function ask(bundle: string, requests: readonly ModelRequest[], env: NodeJS.ProcessEnv = {}): ModelAnswer[] {
  const script = `
import json, sys
sys.path.insert(0, ${JSON.stringify(bundle)})
import model_rollout_shim as shim
for event in json.loads(sys.stdin.read()):
    try:
        print(json.dumps(shim.handler(event, None), allow_nan=False))
    except Exception as error:
        print(json.dumps({"error": type(error).__name__ + ": " + str(error)}))
`;
  const events = requests.map(({ body, headers = {}, query = '' }) => ({
    rawQueryString: query, headers, requestContext: { requestId: 'id-1' }, isBase64Encoded: typeof body !== 'string',
    body: typeof body === 'string' ? body : body.toString('base64'),
  }));
  const out = execFileSync('python3', ['-c', script], {
    input: JSON.stringify(events), encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, env: { ...process.env, MODEL_ROLLOUT_HANDLER: 'model.predict', ...env },
  });
  return out.trim().split('\n').map((line) => {
    const { statusCode, headers, body = '', isBase64Encoded, error } = JSON.parse(line) as {
      statusCode: number; headers?: { 'content-type': string }; body?: string; isBase64Encoded: boolean; error?: string;
    };
    return { status: statusCode, type: headers?.['content-type'] ?? '', body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'), ...(error !== undefined && { error }) };
  });
}

/** The values that come of JSON values, or what was raised. */
export function call(bundle: string, values: readonly unknown[], env: NodeJS.ProcessEnv = {}): unknown[] {
  return ask(bundle, values.map((value) => ({ body: JSON.stringify(value), headers: { 'content-type': 'application/json' } })), env)
    .map(({ error, body }) => error ?? (JSON.parse(body.toString()) as unknown));
}
