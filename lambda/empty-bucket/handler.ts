import { Logger } from '@aws-lambda-powertools/logger';
import { S3Client } from '@aws-sdk/client-s3';
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerResource } from '../shared/answer';
import { emptyBucket } from './empty-bucket';

const logger = new Logger({ serviceName: 'model-mirror-empty-bucket' });
const client = new S3Client({ maxAttempts: 5 });

/** A custom resource that does something when it is deleted: it empties its bucket. */
export async function handler(event: CloudFormationCustomResourceEvent, context: Context): Promise<void> {
  const bucket = String(event.ResourceProperties.Bucket);
  const resource = {
    url: event.ResponseURL,
    stackId: event.StackId,
    requestId: event.RequestId,
    logicalResourceId: event.LogicalResourceId,
    physicalResourceId: bucket,
  };
  try {
    if (event.RequestType === 'Delete') {
      await emptyBucket(client, bucket, () => context.getRemainingTimeInMillis());
      logger.info('bucket emptied', { bucket });
    }
  } catch (error) {
    logger.error('bucket not emptied', { bucket, error: error as Error });
    await answerResource(resource, 'FAILED', (error as Error).message, (ms) => sleep(ms));
    return;
  }
  await answerResource(resource, 'SUCCESS', 'done', (ms) => sleep(ms));
}
