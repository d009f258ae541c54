import { GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { bundleOf } from '../../../lib/core/audit/bundle';
import type { EvidenceBundle } from '../../../lib/core/audit/verify';
import { type EvidencePlan, folderOf, type RecordAddress, sealKey } from '../../../lib/core/rollout/kept-evidence';
import { CliError, Exit } from '../exit';
import { CALLING, type Connection } from './connection';

const POLICY = "EvidenceStore.grantRead, and the bucket's own policy where it is in another account";
/** Objects that are fetched at once. */
const AT_ONCE = 32;

/** Which rollout's evidence is meant, and where it is. */
export interface EvidenceAddress extends Pick<EvidencePlan, 'bucket' | 'prefix'> {
  readonly alias: string;
  /** The rollout. */
  readonly id: string;
  /** The last record, as far as anybody knows. */
  readonly head?: RecordAddress;
}

/** The bucket that keeps evidence, and the key that signed it. */
export class EvidenceReader {
  private readonly s3: S3Client;
  private readonly kms: KMSClient;

  constructor(private readonly connection: Connection) {
    this.s3 = new S3Client({ ...connection.options, ...CALLING });
    this.kms = new KMSClient({ ...connection.options, ...CALLING });
  }

  async fetch({ bucket, head, ...address }: EvidenceAddress): Promise<EvidenceBundle> {
    const folder = folderOf(address, address);
    const keys = await this.list(bucket, folder);
    if (keys.length === 0) {
      throw new CliError(
        Exit.NOT_FOUND,
        'NO_EVIDENCE',
        `there is no evidence of rollout ${address.id} at s3://${bucket}/${folder}: is that its id, as \`model-rollout history --json\` shows it?`,
      );
    }
    const objects = new Map<string, string>();
    for (let from = 0; from < keys.length; from += AT_ONCE) {
      await Promise.all(keys.slice(from, from + AT_ONCE).map(async (key) => objects.set(key, await this.read(bucket, key))));
    }
    return bundleOf(objects, sealKey(folder), head);
  }

  /** In PEM, of a key that signs. */
  async publicKey(keyArn: string): Promise<string> {
    const { PublicKey: der } = await this.connection.call('kms:GetPublicKey', POLICY, () =>
      this.kms.send(new GetPublicKeyCommand({ KeyId: keyArn })));
    const lines = Buffer.from(der!).toString('base64').match(/.{1,64}/g)!;
    return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n');
  }

  private list(bucket: string, folder: string): Promise<string[]> {
    return this.connection.call('s3:ListBucket', POLICY, async () => {
      const keys: string[] = [];
      for await (const { Contents: contents = [] } of paginateListObjectsV2({ client: this.s3 }, { Bucket: bucket, Prefix: folder })) {
        keys.push(...contents.flatMap(({ Key: key }) => key ?? []));
      }
      return keys;
    });
  }

  private read(bucket: string, key: string): Promise<string> {
    return this.connection.call('s3:GetObject', POLICY, async () => {
      const { Body: body } = await this.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return body!.transformToString();
    });
  }
}
