import * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { inBucket } from '../encryption/permissions';
import type { BoundSource, RecordedSource } from './recorded-source';

/** @see Replay.goldenObject */
export class GoldenObject implements RecordedSource {
  public readonly name: string;

  constructor(private readonly bucket: s3.IBucket, private readonly key: string) {
    this.name = `golden requests ${JSON.stringify(key)}`;
  }

  public survey(): undefined {
    return undefined;
  }

  public problems(): string[] {
    const { key } = this;
    return Token.isUnresolved(key) || (key !== '' && !key.startsWith('/') && !/[*?]/.test(key))
      ? []
      : [
          `key of the golden requests is ${JSON.stringify(key)}, but must be that of one object, without a slash at its beginning and `
            + 'without wildcards, such as "golden/fraud.jsonl"',
        ];
  }

  public bind(scope: Construct): BoundSource {
    const { bucket, key } = this;
    return {
      source: { kind: 'object', bucket: bucket.bucketName, key },
      statements: [
        new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: [bucket.arnForObjects(key)] }),
        ...inBucket(scope, bucket.encryptionKey, 'read'),
      ],
    };
  }
}
