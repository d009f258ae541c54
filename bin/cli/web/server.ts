import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { VERBS } from '../../../lib/core/rollout/orders';
import { built } from '../../../page/built';
import { html } from '../../../page/html';
import { caller } from '../aws/caller';
import { sendOrder } from '../aws/orders';
import type { OpenStack } from '../aws/read-status';
import { CliError, Exit } from '../exit';
import type { Feed } from './feed';

const HOST = '127.0.0.1';
/** An order is a line. */
const MOST_BYTES = 10_000;

const SHELL = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Rollout</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/watch.css"></head>
<body><main id="page"><p class="soft">Reading the rollout …</p></main><dialog id="confirm"></dialog>
<script src="/watch.js"></script></body></html>`.markup;

/** Nothing but this server's own script and style, and no other site around it. */
const HEADERS = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    + "form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

/** What there is, with the one method of each. */
const METHODS: { readonly [path: string]: 'GET' | 'POST' } = {
  '/': 'GET', '/watch.js': 'GET', '/watch.css': 'GET', '/rollouts': 'GET', '/orders': 'POST',
};

const STATUS: { readonly [exit in Exit]?: number } = { [Exit.USAGE]: 400, [Exit.NOT_FOUND]: 404, [Exit.DENIED]: 403 };

/** A refusal, with a code for the page. */
class Refused extends Error {
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message);
  }
}

/**
 * Serves the page on loopback. Other sites cannot use it: requests by another host's name, as of a name that was bound anew to this
 * address, are refused, and so are those with another origin. Other users of this machine cannot either: what is known, and orders, need a
 * token, which only the printed address has, behind its `#`, which browsers send to nobody and so no log has.
 */
export class WatchServer {
  private readonly token = randomBytes(24).toString('base64url');
  private readonly server: Server;
  private port = 0;

  constructor(
    private readonly opened: OpenStack,
    private readonly feed: Feed,
    private readonly options: { readonly aliases: readonly string[]; readonly tell: (line: string) => void },
  ) {
    this.server = createServer((request, response) => void this.handle(request, response));
  }

  /** Begin to listen; the address to open. */
  async listen(port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error: NodeJS.ErrnoException) => reject(portError(error, port)));
      this.server.listen(port, HOST, resolve);
    });
    this.port = (this.server.address() as AddressInfo).port;
    return `http://${HOST}:${this.port}/#${this.token}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = (status: number, type: string, body: string): void => {
      response.writeHead(status, { ...HEADERS, 'content-type': `${type}; charset=utf-8` }).end(body);
    };
    try {
      this.checkOrigin(request);
      switch (`${request.method} ${request.url}`) {
        case 'GET /':
          return answer(200, 'text/html', SHELL);
        case 'GET /watch.js':
          return answer(200, 'text/javascript', built('watch.js'));
        case 'GET /watch.css':
          return answer(200, 'text/css', built('watch.css'));
        case 'GET /rollouts':
          this.checkToken(request);
          return answer(200, 'application/json', JSON.stringify(await this.feed.read()));
        case 'POST /orders':
          this.checkToken(request);
          return answer(200, 'application/json', JSON.stringify(await this.order(request)));
        default: {
          const method = METHODS[request.url ?? ''];
          throw method === undefined
            ? new Refused(404, 'NOT_FOUND', 'there is nothing here')
            : new Refused(405, 'NOT_ALLOWED', `${request.url} takes ${method}`);
        }
      }
    } catch (error) {
      const [status, code] = error instanceof Refused ? [error.status, error.code] : known(error);
      const message = error instanceof Error ? error.message : String(error);
      answer(status, 'application/json', JSON.stringify({ ok: false, code, message }));
    }
  }

  private checkOrigin({ headers }: IncomingMessage): void {
    const hosts = [`${HOST}:${this.port}`, `localhost:${this.port}`];
    if (!hosts.includes(headers.host ?? '')) {
      throw new Refused(403, 'OTHER_HOST', `this page is at ${hosts[0]} only`);
    }
    const site = headers['sec-fetch-site'];
    if ((headers.origin !== undefined && headers.origin !== `http://${headers.host}`) || site === 'cross-site' || site === 'same-site') {
      throw new Refused(403, 'OTHER_ORIGIN', 'another site asked');
    }
  }

  private checkToken({ headers }: IncomingMessage): void {
    const [given, own] = [Buffer.from(headers.authorization ?? ''), Buffer.from(`Bearer ${this.token}`)];
    if (given.length !== own.length || !timingSafeEqual(given, own)) {
      throw new Refused(401, 'NO_TOKEN', 'Open the address that `model-rollout watch --web` printed: it has the token that is needed.');
    }
  }

  /** Orders of the page are those of the command, by the same permissions. */
  private async order(request: IncomingMessage): Promise<object> {
    if (request.headers['content-type'] !== 'application/json' || request.headers.origin === undefined) {
      throw new Refused(415, 'MALFORMED_ORDER', 'an order is JSON from this page');
    }
    const { verb, alias, rollout, reason, version } = await bodyOf(request);
    const { aliases, tell } = this.options;
    const order = VERBS.find((each) => each === verb);
    if (order === undefined || typeof alias !== 'string' || !aliases.includes(alias)) {
      throw new Refused(400, 'MALFORMED_ORDER', `an order has a verb of ${VERBS.join(', ')} and an alias of this page`);
    }
    const result = await sendOrder(this.opened.connection, this.opened.stack, {
      verb: order,
      alias,
      by: await caller(this.opened.connection),
      // The one that the page showed: another one that has begun since is not meant.
      ...(typeof rollout === 'string' && order !== 'retry' ? { rollout } : {}),
      ...(typeof reason === 'string' && reason.trim() !== '' ? { reason: reason.trim() } : {}),
      ...(typeof version === 'string' && order === 'retry' ? { version } : {}),
    });
    this.feed.forget();
    tell(`${order} of ${alias}, from the page: ${result.message}`);
    if (!result.ok) {
      throw new Refused(409, result.code, result.message);
    }
    return result;
  }
}

function portError(error: NodeJS.ErrnoException, port: number): Error {
  const help = 'name another one with --port, or leave it out';
  switch (error.code) {
    case 'EADDRINUSE':
      return new CliError(Exit.USAGE, 'PORT_IN_USE', `port ${port} is in use; ${help}`);
    case 'EACCES':
      return new CliError(Exit.USAGE, 'PORT_NOT_ALLOWED', `port ${port} may not be used here; ${help}`);
    default:
      return error;
  }
}

function known(error: unknown): [status: number, code: string] {
  return error instanceof CliError ? [STATUS[error.exit] ?? 502, error.code] : [500, 'UNEXPECTED'];
}

async function bodyOf(request: IncomingMessage): Promise<{ readonly [field: string]: unknown }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) {
      throw new Refused(413, 'MALFORMED_ORDER', `an order has at most ${MOST_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  try {
    return Object(JSON.parse(Buffer.concat(chunks).toString())) as { [field: string]: unknown };
  } catch {
    throw new Refused(400, 'MALFORMED_ORDER', 'an order is JSON');
  }
}
