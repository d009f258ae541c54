import type { Writable } from 'node:stream';

/** Whether this is Lambda's runtime; other code may have put something of that name there too. */
export const canStream = typeof (globalThis as { awslambda?: Partial<typeof awslambda> }).awslambda?.streamifyResponse === 'function';

/**
 * Write all there is, and resolve when it is out of this process: a caller must not wait for what the process does next. Written even if
 * it is nothing, because status and headers go out with the first write.
 */
export async function end(stream: Writable, bytes: Uint8Array): Promise<void> {
  stream.write(bytes);
  await new Promise<void>((resolve, reject) => {
    stream.once('error', reject);
    stream.end(resolve);
  });
}
