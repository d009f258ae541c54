import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const RESULT = 'RESULT ';

/** A bundle that ships, in a process that can be frozen and thawed between its invocations, as Lambda does. */
export class Sandbox {
  private readonly lines: AsyncIterator<string>;
  /** What the function has logged. */
  readonly log: { [name: string]: unknown }[] = [];

  private constructor(private readonly child: ChildProcess) {
    this.lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    createInterface({ input: child.stderr! }).on('line', (line) => this.keep(line));
  }

  static async start(name: string, url: string, env: { readonly [name: string]: string }): Promise<Sandbox> {
    const script = `
      import { createInterface } from 'node:readline';
      const { handler } = await import(${JSON.stringify(join(__dirname, '../../assets', name, 'index.mjs'))});
      console.log(${JSON.stringify(RESULT)} + 'null');
      for await (const line of createInterface({ input: process.stdin })) {
        console.log(${JSON.stringify(RESULT)} + JSON.stringify((await handler(JSON.parse(line))) ?? null));
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x', AWS_ENDPOINT_URL: url,
        AWS_LAMBDA_FUNCTION_NAME: name, ...env,
      },
    });
    const sandbox = new Sandbox(child);
    await sandbox.result();
    return sandbox;
  }

  async invoke(event: unknown): Promise<unknown> {
    this.send(event);
    return this.result();
  }

  /** Frozen as it is, with all its connections; an event is waiting and `meanwhile` is over when it goes on. */
  async thawedWith(event: unknown, meanwhile: () => void): Promise<unknown> {
    this.child.kill('SIGSTOP');
    await sleep(50);
    this.send(event);
    meanwhile();
    await sleep(50);
    this.child.kill('SIGCONT');
    return this.result();
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }

  private send(event: unknown): void {
    this.child.stdin!.write(`${JSON.stringify(event)}\n`);
  }

  private async result(): Promise<unknown> {
    for (;;) {
      const { value, done } = await this.lines.next();
      if (done === true) {
        throw new Error('the function has ended');
      }
      if (value.startsWith(RESULT)) {
        return JSON.parse(value.slice(RESULT.length));
      }
      this.keep(value);
    }
  }

  private keep(line: string): void {
    if (line.startsWith('{')) {
      this.log.push(JSON.parse(line) as { [name: string]: unknown });
    }
  }
}

/** Services that keep connections open until somebody ends them. */
export class Services {
  private readonly sockets = new Set<Socket>();
  readonly url: string;

  private constructor(private readonly server: ReturnType<typeof createServer>) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => this.sockets.delete(socket));
    });
  }

  static async start(handle: (request: IncomingMessage, body: Buffer, response: ServerResponse) => void): Promise<Services> {
    const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => handle(request, Buffer.concat(chunks), response));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Services(server);
  }

  get connections(): number {
    return this.sockets.size;
  }

  /** Close all connections, as services do with idle ones: what comes over them afterwards is answered with a reset. Or reset them at once. */
  end(how: 'FIN' | 'RST'): void {
    for (const socket of this.sockets) {
      if (how === 'FIN') {
        socket.destroy();
      } else {
        socket.resetAndDestroy();
      }
    }
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
