import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { within } from './within';

/** What the Extensions API calls this part of the function. */
const NAME = 'model-router';
/** What is left of a function's time when it must have let go, milliseconds: who goes on is taken to have hung, and starts anew. */
const RESERVE_MS = 200;
/** Between two tries to hear of the next invocation, milliseconds. */
const RETRY_MS = 100;

/** An invocation, and what there is to do when it has been answered. */
interface Turn {
  readonly requestId: string;
  /** Resolves when nothing is left to do. */
  readonly over: Promise<unknown>;
  readonly end: (over?: Promise<unknown>) => void;
}

/**
 * Lambda's time for a function after its answer. Whoever registers as an extension is told of each invocation, and Lambda freezes the
 * function, or gives it the next one, only when the extension asks for the next one too. Callers have the answer by then. Extensions are
 * usually programs of their own; one inside the function, as here, is what Lambda calls an internal extension.
 */
export class Afterwards {
  private turn?: Turn;

  constructor(private readonly next: () => Promise<{ readonly requestId: string; readonly deadlineMs: number }>) {
    void this.follow();
  }

  /** Say that an invocation has its answer, or has failed, and what is left to do, which never rejects. To be called once for each. */
  answered(requestId: string, left?: () => Promise<unknown>): void {
    const { end } = this.turnOf(requestId);
    if (left === undefined) {
      end();
      return;
    }
    // The runtime gives the answer to Lambda one turn of the event loop after the handler has returned it. What is left comes behind it.
    setImmediate(() => setImmediate(() => end(left())));
  }

  private async follow(): Promise<void> {
    for (;;) {
      try {
        const { requestId, deadlineMs } = await this.next();
        await within(deadlineMs - RESERVE_MS - Date.now(), this.turnOf(requestId).over);
      } catch {
        // Callers get their answers nevertheless. If it stays so, Lambda ends this function at its time-out and starts another.
        await pause(RETRY_MS);
      }
    }
  }

  /** Who hears of an invocation first, the handler or this, is not known. */
  private turnOf(requestId: string): Turn {
    if (this.turn?.requestId !== requestId) {
      let end: Turn['end'] = () => undefined;
      const over = new Promise<unknown>((resolve) => { end = resolve; });
      this.turn = { requestId, over, end };
    }
    return this.turn;
  }
}

/** Registers with Lambda. Undefined where there is none, or none that knows extensions, as on emulators. */
export async function afterwardsOf({ AWS_LAMBDA_RUNTIME_API: api }: NodeJS.ProcessEnv): Promise<Afterwards | undefined> {
  if (api === undefined) {
    return undefined;
  }
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (method: string, path: string, headers: { [name: string]: string }, body?: string): Promise<Told> =>
    new Promise((resolve, reject) => {
      request(`http://${api}/2020-01-01/extension/${path}`, { agent, method, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part)).on('error', reject).on('end', () => {
          if (response.statusCode === 200) {
            resolve({ identifier: response.headers['lambda-extension-identifier'] as string | undefined, text });
          } else {
            reject(new Error(`the Extensions API answered ${response.statusCode}`));
          }
        });
      }).on('error', reject).end(body);
    });
  let identifier: string | undefined;
  try {
    ({ identifier } = await ask('POST', 'register', { 'lambda-extension-name': NAME }, '{"events":["INVOKE"]}'));
  } catch {
    return undefined;
  }
  return identifier === undefined ? undefined : new Afterwards(async () => {
    const { text } = await ask('GET', 'event/next', { 'lambda-extension-identifier': identifier });
    return JSON.parse(text) as { requestId: string; deadlineMs: number };
  });
}

interface Told {
  readonly identifier: string | undefined;
  readonly text: string;
}
