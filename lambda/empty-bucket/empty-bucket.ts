import { DeleteObjectsCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';

/** Delete every object of a bucket. A bucket that is gone is empty. */
export async function emptyBucket(client: Pick<S3Client, 'send'>, bucket: string): Promise<void> {
  for (;;) {
    const { Contents: objects = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket })).catch((error: Error) => {
      if (error.name === 'NoSuchBucket') {
        return { Contents: [] };
      }
      throw error;
    });
    if (objects.length === 0) {
      return;
    }
    const { Errors: [error] = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Quiet: true, Objects: objects.map(({ Key: key }) => ({ Key: key })) } }),
    );
    if (error !== undefined) {
      throw new Error(`object ${error.Key} of bucket ${bucket} cannot be deleted: ${error.Code}`);
    }
  }
}
