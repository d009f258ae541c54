import { DeleteObjectsCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';

/** What the answer to CloudFormation takes, and the last page of objects: a function that is ended answers nobody. */
const RESERVE_MS = 30_000;

/** Delete every object of a bucket, for as long as there is time. A bucket that is gone is empty. */
export async function emptyBucket(client: Pick<S3Client, 'send'>, bucket: string, remainingMs: () => number): Promise<void> {
  for (let deleted = 0; ;) {
    if (remainingMs() < RESERVE_MS) {
      throw new Error(`${deleted} objects of bucket ${bucket} were deleted, and there are more; delete the stack again to go on`);
    }
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
    deleted += objects.length;
  }
}
