import { Agent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as TlsAgent, request as requestHttps } from 'node:https';
import type { SendOptions } from '../reconnecting';

/** A request as it is sent. */
export interface HttpRequest {
  readonly url: string;
  readonly method: 'POST' | 'GET';
  readonly headers: { readonly [name: string]: string };
  readonly body?: Uint8Array;
}

/** How connections are kept. */
export interface HttpClientOptions {
  readonly requestHandler?: { readonly httpAgent: AgentOptions; readonly httpsAgent: AgentOptions };
}

interface AgentOptions {
  readonly keepAlive: boolean;
  readonly maxSockets?: number;
}

const KEPT: AgentOptions = { keepAlive: true };

/** Sends requests with Node's own client, which follows nobody elsewhere and changes no byte. */
export class HttpClient {
  private readonly agents: { readonly http: Agent; readonly https: TlsAgent };

  constructor({ requestHandler }: HttpClientOptions) {
    this.agents = { http: new Agent(requestHandler?.httpAgent ?? KEPT), https: new TlsAgent(requestHandler?.httpsAgent ?? KEPT) };
  }

  /** The answer once it begins. */
  send({ url, method, headers, body }: HttpRequest, { abortSignal }: SendOptions = {}): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const tls = url.startsWith('https:');
      const request = (tls ? requestHttps : requestHttp)(
        url,
        {
          method, signal: abortSignal, agent: tls ? this.agents.https : this.agents.http,
          headers: { ...headers, ...(body === undefined ? {} : { 'content-length': String(body.byteLength) }) },
        },
        resolve,
      );
      request.on('error', reject);
      request.end(body);
    });
  }
}
