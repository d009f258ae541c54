import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { rows } from '../../examples/digits/data';
import { bootstrap, deploy } from '../../scripts/emulator/cdk';
import { EndpointClient, type Reply } from '../../scripts/emulator/client';
import { clientConfig, type ClientConfig, type Emulator, startEmulator } from '../../scripts/emulator/emulator';

/** A variant of the deployed stack. */
export interface VariantSpec {
  readonly name: string;
  readonly artifact?: 'v1' | 'v2';
  readonly defect?: 'wrong-preprocessing' | 'slow' | 'failing';
  readonly weight?: number;
  readonly budgetSeconds?: number;
  readonly sageMakerEndpoint?: string;
}

/** An emulator with the digits stack deployed. */
export class Stage {
  static async open(extra: NodeJS.ProcessEnv = {}): Promise<Stage> {
    const emulator = await startEmulator(extra);
    await bootstrap(emulator);
    return new Stage(emulator);
  }

  endpointName = '';
  private apiId = '';

  private constructor(readonly emulator: Emulator) {}

  /** `cdk deploy` with these variants. */
  async deploy(variants: readonly VariantSpec[]): Promise<void> {
    const { Digits: outputs } = await deploy(this.emulator, 'test/e2e/app.ts', { E2E_VARIANTS: JSON.stringify(variants) });
    this.apiId = outputs.ApiId;
    this.endpointName = outputs.EndpointName;
  }

  get client(): EndpointClient {
    return new EndpointClient(this.emulator, this.apiId);
  }

  /** Ask for row `index` of the test data, as a caller of its own or as `caller`. */
  ask(index: number, caller = `caller-${index}`): Promise<Reply> {
    return this.client.invoke(JSON.stringify({ pixels: rows[index % rows.length].pixels }), { 'x-caller-id': caller });
  }

  /** Any AWS client of the harness's own. */
  get clientConfig(): ClientConfig {
    return clientConfig(this.emulator);
  }

  close(): Promise<void> {
    return this.emulator.stop();
  }
}

/** Whether an answer names the right digit. */
export function isRight(reply: Reply, index: number): boolean {
  return reply.status === 200 && (JSON.parse(reply.text) as { label: number }).label === rows[index % rows.length].label;
}

/** The example's container server, as SageMaker would run it, on a free port. */
export async function startContainer(artifact: 'v1' | 'v2'): Promise<{ url: string; stop: () => void }> {
  const child: ChildProcess = spawn('python3', [join(__dirname, '../../examples/digits/container/serve.py'), '--host', '127.0.0.1', '--port', '0'], {
    env: { ...process.env, MODEL_ARTIFACT: `${artifact}.json` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the container server ended with ${code}`)));
    child.stdout!.on('data', (data: Buffer) => {
      const listening = /listening on (\d+)/.exec(String(data));
      if (listening !== null) {
        resolve(listening[1]);
      }
    });
  });
  return { url: `http://127.0.0.1:${port}`, stop: () => child.kill('SIGTERM') };
}

/**
 * A stand-in for SageMaker's InvokeEndpoint in front of real containers, with SageMaker's error shapes. It shows that the router
 * speaks the protocol; it shows nothing about SageMaker's own routing.
 */
export async function startSageMakerRuntime(
  endpoints: () => { readonly [endpoint: string]: string },
): Promise<{ url: string; stop: () => Promise<void>; seen: { endpoint: string; inferenceId: string | undefined }[] }> {
  const seen: { endpoint: string; inferenceId: string | undefined }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void answer(request.url ?? '', Buffer.concat(chunks), request.headers).then(({ status, headers, body }) => {
        response.writeHead(status, headers).end(body);
      });
    });
  });
  async function answer(
    path: string, body: Buffer, headers: NodeJS.Dict<string | string[]>,
  ): Promise<{ status: number; headers: { [name: string]: string }; body: string | Buffer }> {
    const endpoint = /^\/endpoints\/([^/]+)\/invocations/.exec(path)?.[1] ?? '';
    seen.push({ endpoint, inferenceId: headers['x-amzn-sagemaker-inference-id'] as string | undefined });
    const container = endpoints()[endpoint];
    const error = (
      type: string,
      status: number,
      fields: object,
    ): { status: number; headers: { [name: string]: string }; body: string } => ({
      status,
      headers: { 'x-amzn-errortype': type, 'content-type': 'application/json' },
      body: JSON.stringify(fields),
    });
    if (container === undefined) {
      return error('ValidationError', 400, { Message: `Endpoint ${endpoint} of account 000000000000 not found.` });
    }
    const reply = await fetch(`${container}/invocations`, {
      method: 'POST', body: new Uint8Array(body), headers: { 'content-type': String(headers['content-type'] ?? 'application/json') },
    });
    const text = await reply.text();
    return reply.ok
      ? { status: 200, headers: { 'content-type': reply.headers.get('content-type') ?? '', 'x-amzn-invoked-production-variant': 'AllTraffic' }, body: text }
      : error('ModelError', 424, { Message: 'Received an error from primary container', OriginalStatusCode: reply.status, OriginalMessage: text });
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    stop: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    }),
  };
}
