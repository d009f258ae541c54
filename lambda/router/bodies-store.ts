import { onFirstUse } from '../shared/on-first-use';
import { Reconnecting } from '../shared/reconnecting';

/**
 * Puts bodies into mirrors' buckets. Most routers never do, so the client is a file of its own beside the bundle, which `load` reads: when
 * the function starts where bodies are to be expected, else with the first of them.
 */
export class BodiesStore {
  readonly load = onFirstUse(async () => {
    const { PutObjectCommand: Put, S3Client: Client } = await import('@aws-sdk/client-s3');
    // TLS guards the way; a checksum of megabytes would be computed while a caller waits.
    const client = new Reconnecting((options) => new Client({ ...options, requestChecksumCalculation: 'WHEN_REQUIRED' }));
    return { client, Put };
  });

  async put(bucket: string, key: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const { client, Put } = await this.load();
    await client.send(new Put({ Bucket: bucket, Key: key, Body: bytes, ContentType: 'application/octet-stream' }), { abortSignal: signal });
  }
}
