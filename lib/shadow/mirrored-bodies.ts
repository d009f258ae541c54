import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { CustomResource, Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge, wildcardFinding } from '../package/acknowledge';
import { BundledFunction } from '../package/bundled-function';
import { BODIES_PREFIX, Env } from '../core/names';
import { keyOf } from '../encryption/key-of';
import { inBucket } from '../encryption/permissions';
import type { EndpointRouter } from '../endpoint/endpoint-router';

export interface MirroredBodiesProps {
  readonly router: EndpointRouter;
  readonly mirror: BundledFunction;
}

/** How long a bucket may take to be emptied; after a day of it no more than a day's objects are there. */
const EMPTYING = Duration.minutes(15);

/** A bucket through which bodies travel from the router to a mirror, and what empties it before it is deleted. */
export class MirroredBodies extends Construct {
  public readonly bucket: s3.IBucket;

  constructor(scope: Construct, id: string, { router, mirror }: MirroredBodiesProps) {
    super(scope, id);
    const key = keyOf(this);
    const bucket = new s3.Bucket(this, 'Bucket', {
      ...(key === undefined
        ? { encryption: s3.BucketEncryption.S3_MANAGED }
        : { encryption: s3.BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }),
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [{ expiration: Duration.days(1), abortIncompleteMultipartUploadAfter: Duration.days(1) }],
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acknowledge(bucket, {
      'AwsSolutions-S1': 'objects live for the seconds between router and mirror, whose logs name each request that was not compared',
    });
    this.bucket = bucket;
    this.allow('Store', router.role, ['s3:PutObject'], inBucket(this, key, 'write'));
    this.allow('Take', mirror.role, ['s3:DeleteObject', 's3:GetObject'], inBucket(this, key, 'read'));
    router.expectLargeBodies();
    mirror.function.addEnvironment(Env.MIRROR_BUCKET, bucket.bucketName);
    this.emptyBeforeDeletion(bucket);
  }

  private allow(id: string, role: iam.IRole, actions: string[], others: iam.PolicyStatement[]): void {
    const objects = this.bucket.arnForObjects(`${BODIES_PREFIX}*`);
    const policy = new iam.Policy(this, id, {
      roles: [role],
      statements: [new iam.PolicyStatement({ actions, resources: [objects] }), ...others],
    });
    acknowledge(policy, { [wildcardFinding(policy, objects)]: 'each request is an object of its own, with a random key' });
  }

  /** A bucket with objects cannot be deleted. CDK's own emptying wants actions with wildcards. */
  private emptyBeforeDeletion(bucket: s3.Bucket): void {
    const objects = bucket.arnForObjects('*');
    const emptying = new BundledFunction(this, 'Emptying', {
      asset: 'empty-bucket',
      description: 'Empties the bucket of a mirror before it is deleted',
      memorySize: 256,
      timeout: EMPTYING,
      maxEventAge: EMPTYING,
      policy: [
        new iam.PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucket.bucketArn] }),
        new iam.PolicyStatement({ actions: ['s3:DeleteObject'], resources: [objects] }),
      ],
    });
    acknowledge(emptying.role, { [wildcardFinding(emptying.role, objects)]: 'all objects of the bucket are deleted before the bucket is' });
    const empty = new CustomResource(this, 'Empty', {
      serviceToken: emptying.function.functionArn,
      resourceType: 'Custom::ModelRolloutEmptyBucket',
      serviceTimeout: EMPTYING.plus(Duration.minutes(1)),
      properties: { Bucket: bucket.bucketName },
    });
    empty.node.addDependency(emptying);
  }
}
