import type { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { onFirstUse } from '../on-first-use';

/** A secret that has been replaced is known this long after, or once it is refused. */
const KEPT_MS = 5 * 60_000;

interface Loaded {
  readonly client: Pick<SecretsManagerClient, 'send'>;
  readonly Get: typeof GetSecretValueCommand;
}

interface Kept {
  readonly at: number;
  readonly value: Promise<string>;
}

/** Secrets of model servers, kept for a while. Most routers have none: the client is loaded with the first. */
export class Secrets {
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly now: () => number = Date.now,
    private readonly load: () => Promise<Loaded> = onFirstUse(async () => {
      const { GetSecretValueCommand: Get, SecretsManagerClient: Client } = await import('@aws-sdk/client-secrets-manager');
      return { client: new Client({ maxAttempts: 3 }), Get };
    }),
  ) {}

  /** The secret, or a field of its JSON. Rejects where there is none. */
  async read(arn: string, field?: string): Promise<string> {
    let kept = this.kept.get(arn);
    if (kept === undefined || this.now() - kept.at >= KEPT_MS) {
      kept = { at: this.now(), value: this.fetch(arn) };
      this.kept.set(arn, kept);
      // What could not be read is asked for again.
      kept.value.catch(() => this.kept.delete(arn));
    }
    const whole = await kept.value;
    return field === undefined ? whole : fieldOf(whole, field);
  }

  /** What is kept was refused. */
  forget(arn: string): void {
    this.kept.delete(arn);
  }

  private async fetch(arn: string): Promise<string> {
    const { client, Get } = await this.load();
    const { SecretString: secret } = await client.send(new Get({ SecretId: arn }));
    if (secret === undefined) {
      throw new Error('the secret has no text');
    }
    return secret;
  }
}

function fieldOf(secret: string, field: string): string {
  let value: unknown;
  try {
    value = (JSON.parse(secret) as { readonly [name: string]: unknown })[field];
  } catch {
    // What is not valid JSON is nobody's business to print.
  }
  if (typeof value !== 'string') {
    throw new Error(`the secret is not valid JSON with a text ${JSON.stringify(field)}`);
  }
  return value;
}
