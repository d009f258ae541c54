import { DeleteObjectCommand, GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { MirroredRequest, StoredBodies } from '../../lib/core/mirroring/mirrored-request';

/** A request's body, and that of production's answer. */
export interface Bodies {
  readonly request: Uint8Array;
  readonly answer: Uint8Array;
}

/** Fetches an object and removes it; throws where there is none. */
export type TakeObject = (key: string) => Promise<Uint8Array>;

/** The bodies of an event, wherever they are. Throws if they are nowhere. */
export async function bodiesOf({ body, production, stored }: MirroredRequest, take: TakeObject): Promise<Bodies> {
  return stored === undefined
    ? { request: Buffer.from(body, 'base64'), answer: Buffer.from(production.body, 'base64') }
    : split(await take(stored.key), stored);
}

function split(bytes: Uint8Array, { requestBytes }: StoredBodies): Bodies {
  return { request: bytes.subarray(0, requestBytes), answer: bytes.subarray(requestBytes) };
}

/** Takes objects from a mirror's bucket. One that cannot be deleted expires. */
export function takeFrom(client: Pick<S3Client, 'send'>, bucket: string, onLeft: (key: string, error: Error) => void): TakeObject {
  return async (key) => {
    const place = { Bucket: bucket, Key: key };
    const { Body: body } = await client.send(new GetObjectCommand(place));
    const bytes = await body!.transformToByteArray();
    await client.send(new DeleteObjectCommand(place)).catch((error: Error) => onLeft(key, error));
    return bytes;
  };
}
