/** The part of a client of AWS's SDK that matters here. */
interface Client {
  send(command: never, options?: SendOptions): Promise<unknown>;
}

export interface SendOptions {
  readonly abortSignal?: AbortSignal;
  /** Called when the command is sent once more. */
  readonly onRetry?: () => void;
}

interface ClientOptions {
  readonly maxAttempts: number;
  readonly requestHandler?: { readonly httpAgent: { readonly keepAlive: boolean }; readonly httpsAgent: { readonly keepAlive: boolean } };
}

/**
 * Codes of Node's system errors, of TLS and of its HTTP parser; not those of its own checks, ERR_INVALID_CHAR for example, which fail
 * anywhere.
 */
const CONNECTION_CODE = /^(?:E(?!RR_)[A-Z_]+|ERR_STREAM_PREMATURE_CLOSE|ERR_SSL_\w+|HPE_\w+)$/;
const NEW_CONNECTION = { keepAlive: false };

/**
 * A client that sends once more, on a connection of its own, what was lost with a connection. While a function is frozen the service closes
 * its idle connections, and the first request that is sent over one of them is lost; the next one of the pool may be as dead. The SDK would
 * try again behind the caller's back whatever failed; this does so for lost connections only, within the same signal.
 *
 * A command whose connection broke after it had been read is carried out twice. So send nothing through it that must not be.
 */
export class Reconnecting<T extends Client> {
  private readonly pooled: T;
  private fresh?: T;

  /** @param make the client with these options */
  constructor(private readonly make: (options: ClientOptions) => T) {
    this.pooled = make({ maxAttempts: 1 });
  }

  readonly send = (async (command: never, options: SendOptions = {}): Promise<unknown> => {
    const { abortSignal, onRetry } = options;
    try {
      return await this.pooled.send(command, { abortSignal });
    } catch (error) {
      if (abortSignal?.aborted === true || !isLostConnection(error)) {
        throw error;
      }
      onRetry?.();
      this.fresh ??= this.make({ maxAttempts: 1, requestHandler: { httpAgent: NEW_CONNECTION, httpsAgent: NEW_CONNECTION } });
      return this.fresh.send(command, { abortSignal });
    }
  }) as T['send'];
}

/**
 * Whether a connection could not be made, or broke before the answer was complete. The SDK gives some of these the name of a time-out, so
 * only the code tells.
 */
export function isLostConnection(error: unknown): boolean {
  type Caused = { readonly code?: unknown; readonly cause?: unknown } | null | undefined;
  for (let cause = error as Caused; typeof cause === 'object' && cause !== null; cause = cause.cause as Caused) {
    const { code } = cause;
    if (typeof code === 'string' && CONNECTION_CODE.test(code)) {
      return true;
    }
  }
  return false;
}
