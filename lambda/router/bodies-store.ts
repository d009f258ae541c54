import type { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Reconnecting } from '../shared/reconnecting';

interface Loaded {
  readonly client: Pick<S3Client, 'send'>;
  readonly Put: typeof PutObjectCommand;
}

/**
 * Puts bodies into mirrors' buckets. Most routers never do, so the client is a file of its own beside the bundle, which `load` reads: when
 * the function starts where bodies are to be expected, else with the first of them.
 */
export class BodiesStore {
  private loaded?: Promise<Loaded>;

  load(): Promise<Loaded> {
    this.loaded ??= import('@aws-sdk/client-s3').then(({ PutObjectCommand: Put, S3Client: Client }) => ({
      // TLS guards the way; a checksum of megabytes would be computed while a caller waits.
      client: new Reconnecting((options) => new Client({ ...options, requestChecksumCalculation: 'WHEN_REQUIRED' })),
      Put,
    }));
    return this.loaded;
  }

  async put(bucket: string, key: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const { client, Put } = await this.load();
    await client.send(new Put({ Bucket: bucket, Key: key, Body: bytes, ContentType: 'application/octet-stream' }), { abortSignal: signal });
  }
}
