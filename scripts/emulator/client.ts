import { AwsClient } from 'aws4fetch';
import type { Emulator } from './emulator';

export interface Reply {
  readonly status: number;
  readonly variant: string | null;
  readonly inferenceId: string | null;
  readonly headers: Headers;
  readonly text: string;
  readonly ms: number;
}

/** Calls a deployed endpoint over HTTP with signed requests. */
export class EndpointClient {
  private readonly aws: AwsClient;

  constructor(private readonly emulator: Emulator, private readonly apiId: string) {
    this.aws = new AwsClient({
      accessKeyId: emulator.env.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: emulator.env.AWS_SECRET_ACCESS_KEY ?? '',
      sessionToken: emulator.env.AWS_SESSION_TOKEN,
      service: 'execute-api',
      region: emulator.env.AWS_REGION ?? 'us-east-1',
      retries: 0,
    });
  }

  invoke(body: string | Uint8Array<ArrayBuffer>, headers: { [name: string]: string } = {}, alias = 'live'): Promise<Reply> {
    return this.post(`${alias}/invocations`, body, headers);
  }

  /** Tell what became of earlier answers. */
  feedback(document: object, alias = 'live'): Promise<Reply> {
    return this.post(`${alias}/feedback`, JSON.stringify(document), {});
  }

  private async post(path: string, body: string | Uint8Array<ArrayBuffer>, headers: { [name: string]: string }): Promise<Reply> {
    const url = `${this.emulator.url}/restapis/${this.apiId}/prod/_user_request_/${path}`;
    const started = performance.now();
    const response = await askAgainIfLost(() =>
      this.aws.fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } }),
    );
    const text = await response.text();
    return {
      status: response.status,
      variant: response.headers.get('x-amzn-invoked-production-variant'),
      inferenceId: response.headers.get('x-amzn-sagemaker-inference-id'),
      headers: response.headers,
      text,
      ms: performance.now() - started,
    };
  }
}

/** Ask; and once more, as every client of an API does, where the other side had closed the idle connection. */
export async function askAgainIfLost(ask: () => Promise<Response>): Promise<Response> {
  try {
    return await ask();
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { code?: string };
    if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET') {
      return ask();
    }
    throw error;
  }
}

/** Run a task for each item, `width` at a time, and keep the order of the results. */
export async function inParallel<T, R>(items: readonly T[], width: number, task: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array<R>(items.length);
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(width, items.length) }, async () => {
      while (next < items.length) {
        const index = next++;
        results[index] = await task(items[index], index);
      }
    }),
  );
  return results;
}
