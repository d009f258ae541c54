import { setTimeout as sleep } from 'node:timers/promises';

export interface CallersOptions {
  /** Callers at a time; each begins a call when its last one is answered. */
  readonly callers: number;
  /** How long each rests in between. */
  readonly pauseMs?: number;
}

/** Calls, numbered from 0 on, until something else has come to its end. */
export async function callUntil<T, R>(
  until: Promise<T>,
  { callers, pauseMs }: CallersOptions,
  call: (index: number) => Promise<R>,
): Promise<{ replies: R[]; result: PromiseSettledResult<T> }> {
  const replies: R[] = [];
  let done = false;
  const settled = Promise.allSettled([until]).then(([result]) => {
    done = true;
    return result;
  });
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let index = caller; !done; index += callers) {
        replies.push(await call(index));
        if (pauseMs !== undefined) {
          await sleep(pauseMs);
        }
      }
    }),
  );
  return { replies, result: await settled };
}
