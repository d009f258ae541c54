import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Duration, type RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge } from '../package/acknowledge';

export interface LogBucketProps {
  readonly encryptionKey: kms.IKey | undefined;
  readonly retentionDays: number;
  readonly queryResultDays: number;
  readonly recordsPrefix: string;
  readonly resultsPrefix: string;
  readonly removalPolicy: RemovalPolicy;
}

/** A log's own bucket. */
export class LogBucket extends Construct {
  public readonly bucket: s3.Bucket;

  constructor(scope: Construct, id: string, props: LogBucketProps) {
    super(scope, id);
    this.bucket = new s3.Bucket(this, 'Resource', {
      encryption: props.encryptionKey === undefined ? s3.BucketEncryption.S3_MANAGED : s3.BucketEncryption.KMS,
      encryptionKey: props.encryptionKey,
      bucketKeyEnabled: props.encryptionKey === undefined ? undefined : true,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      removalPolicy: props.removalPolicy,
      lifecycleRules: [
        // What could not be delivered is below the records, and goes with them.
        {
          id: 'Records',
          prefix: props.recordsPrefix,
          expiration: Duration.days(props.retentionDays),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
        {
          id: 'QueryResults',
          prefix: props.resultsPrefix,
          expiration: Duration.days(props.queryResultDays),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
    });
    // A bucket that stays keeps refusing plain HTTP.
    this.bucket.policy!.applyRemovalPolicy(props.removalPolicy);
    acknowledge(this.bucket, {
      'AwsSolutions-S1':
        'written by one delivery stream and read through one workgroup, which both have records of their own; give a bucket to have '
          + 'access logs',
    });
  }
}
