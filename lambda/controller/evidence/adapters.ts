import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { S3Client } from '@aws-sdk/client-s3';
import { sha256 } from '../../../lib/core/audit/record';
import { version } from '../../../package.json';
import { onFirstUse } from '../../shared/on-first-use';
import { type KeeperPorts, EvidenceKeeper } from './evidence-keeper';

/** A record that takes longer is lost, and told: the candidate's lease does not wait for it. */
const CALLING = { maxAttempts: 3, requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true } };

/** Evidence in S3, signed by KMS. */
export function evidenceKeeper(warn: KeeperPorts['warn']): EvidenceKeeper {
  const objects = new EvidenceObjects();
  const signer = new Signer();
  const code = codeHash();
  return new EvidenceKeeper({
    put: (bucket, key, text) => objects.put(bucket, key, text),
    sign: (keyArn, bytes) => signer.sign(keyArn, bytes),
    author: { library: version, ...(code === undefined ? {} : { code }) },
    warn,
  });
}

/** Objects that are written once. Most rollouts keep no evidence: the client is loaded with the first. */
export class EvidenceObjects {
  private readonly load = onFirstUse(async () => {
    const { PutObjectCommand: Put, S3Client: Client } = await import('@aws-sdk/client-s3');
    return { client: this.given ?? new Client(CALLING), Put };
  });

  constructor(private readonly given?: Pick<S3Client, 'send'>) {}

  async put(bucket: string, key: string, text: string): Promise<void> {
    const { client, Put } = await this.load();
    try {
      await client.send(
        new Put({
          Bucket: bucket,
          Key: key,
          Body: text,
          ContentType: 'application/json',
          // S3 refuses an object of a locked bucket without a checksum, and one that came otherwise than it was sent.
          ChecksumAlgorithm: 'SHA256',
          IfNoneMatch: '*',
        }),
      );
    } catch (error) {
      // It is there already: a try before this one has written it, and only its answer was lost.
      if ((error as Error).name !== 'PreconditionFailed') {
        throw error;
      }
    }
  }
}

/** KMS itself, loaded with the first signature. */
export class Signer {
  private readonly load = onFirstUse(async () => {
    const { KMSClient: Client, SignCommand: Sign } = await import('@aws-sdk/client-kms');
    return { client: this.given ?? new Client(CALLING), Sign };
  });

  constructor(private readonly given?: Pick<KMSClient, 'send'>) {}

  async sign(keyArn: string, bytes: Uint8Array): Promise<Uint8Array> {
    const { client, Sign } = await this.load();
    // KMS takes 4 kB at the most, but the digest of anything.
    const digest = createHash('sha256').update(bytes).digest();
    const { Signature: signature } = await client.send(
      new Sign({ KeyId: keyArn, Message: digest, MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' }),
    );
    return signature!;
  }
}

/** Of the bundle that runs: it names what it loads later by hashes, so that its own stands for all of it. */
function codeHash(): string | undefined {
  try {
    return sha256(readFileSync(join(process.env.LAMBDA_TASK_ROOT ?? '', 'index.mjs')));
  } catch {
    return undefined;
  }
}
