import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib/core';
import { CanaryRollout, Model, ModelArtifact, ModelEndpoint, ModelImage, TrafficShift } from 'cdk-model-rollout';
import type { Construct } from 'constructs';

export interface SageMakerStackProps extends StackProps {
  /** Key of the artifact in the bucket, such as `fraud/v3/model.tar.gz`. Another key is another version. */
  readonly artifactKey: string;

  /** Digest of the image of the container, `sha256:…`. */
  readonly imageDigest: string;
}

/**
 * A container on SageMaker instances. The candidate is an endpoint of its own, and each step waits until it has the instances that its
 * share needs.
 */
export class SageMakerStack extends Stack {
  constructor(scope: Construct, id: string, props: SageMakerStackProps) {
    super(scope, id, props);
    const repository = ecr.Repository.fromRepositoryName(this, 'Images', 'fraud');
    const bucket = s3.Bucket.fromBucketName(this, 'Artifacts', `models-${this.account}`);
    const endpoint = new ModelEndpoint(this, 'Endpoint', {
      model: Model.sageMaker({
        image: ModelImage.fromEcr(repository, props.imageDigest),
        artifact: ModelArtifact.fromBucket(bucket, props.artifactKey),
        instanceType: 'ml.c6i.xlarge',
        instances: { min: 2, max: 8, invocationsPerInstance: 600 },
      }),
    });
    new CanaryRollout(this, 'Rollout', {
      endpoint,
      shift: TrafficShift.steps([10, 50], { bakeTime: Duration.minutes(10) }),
      readinessTimeout: Duration.minutes(20),
      smokeTests: [{ body: '{"amount": 20}' }],
    });
    new CfnOutput(this, 'Url', { value: endpoint.url });
  }
}
