import { onFirstUse } from '../../shared/on-first-use';

/** What a replay reads of S3. */
export interface Objects {
  /** The bytes of an object. Throws TooLargeError for one that is larger than `most`, and what S3 throws. */
  read(bucket: string, key: string, most: number): Promise<Uint8Array>;
  /** All objects below a prefix. */
  list(bucket: string, prefix: string): Promise<readonly ListedObject[]>;
}

export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';

  constructor(readonly bytes: number) {
    super(`the object has ${bytes} bytes`);
  }
}

/** S3 itself. Most rollouts replay nothing: the client is loaded with the first request. */
export class S3Objects implements Objects {
  private readonly load = onFirstUse(async () => {
    const { GetObjectCommand: Get, ListObjectsV2Command: List, S3Client: Client } = await import('@aws-sdk/client-s3');
    return { client: new Client({ maxAttempts: 5 }), Get, List };
  });

  async read(bucket: string, key: string, most: number): Promise<Uint8Array> {
    const { client, Get } = await this.load();
    const { Body: body, ContentLength: length = 0 } = await client.send(new Get({ Bucket: bucket, Key: key }));
    if (length > most) {
      (body as { destroy?: () => void } | undefined)?.destroy?.();
      throw new TooLargeError(length);
    }
    return body!.transformToByteArray();
  }

  async list(bucket: string, prefix: string): Promise<readonly ListedObject[]> {
    const { client, List } = await this.load();
    const found: ListedObject[] = [];
    let token: string | undefined;
    do {
      const { Contents: contents = [], NextContinuationToken: next } = await client.send(
        new List({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
      );
      found.push(
        ...contents.flatMap(({ Key: key, Size: bytes = 0, LastModified: at }) =>
          key === undefined ? [] : [{ key, bytes, at: at?.getTime() ?? 0 }],
        ),
      );
      token = next;
    } while (token !== undefined);
    return found;
  }
}
