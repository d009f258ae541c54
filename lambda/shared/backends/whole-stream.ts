import type { Outcome } from '../http/outcome';
import { wholeAnswer } from '../http/read-rest';

/** All of an answer that comes in parts, unless the signal ends it. */
export async function wholeStream(signal: AbortSignal, stream: (stopping: AbortController) => Promise<Outcome>): Promise<Outcome> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) {
    stop();
  }
  try {
    const outcome = await stream(stopping);
    return outcome.kind === 'answer' ? await wholeAnswer(outcome) : outcome;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
