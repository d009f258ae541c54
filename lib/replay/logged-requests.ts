import * as iam from 'aws-cdk-lib/aws-iam';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { EndpointAlias } from '../endpoint/endpoint-alias';
import type { InferenceLog } from '../inference-log/inference-log';
import { plainSeconds, secondsProblem } from '../validate/seconds';
import { inBucket } from '../encryption/permissions';
import type { BoundSource, RecordedSource } from './recorded-source';

const DAY_SECONDS = 86_400;
const MOST_DAYS = 90;

/** @see Replay.inferenceLog */
export class LoggedRequests implements RecordedSource {
  public readonly name: string;
  private readonly seconds: number;

  constructor(private readonly log: InferenceLog, period: Duration = Duration.days(7)) {
    this.name = `inference log ${log.node.path}`;
    this.seconds = plainSeconds(period);
  }

  public survey(): undefined {
    return undefined;
  }

  public problems(alias: EndpointAlias): string[] {
    const { log, seconds } = this;
    const { plan, aliases } = log._records;
    const problems = secondsProblem('period of the replay', seconds, DAY_SECONDS, MOST_DAYS * DAY_SECONDS, 'give Duration.days');
    if (problems.length === 0 && !Number.isInteger(seconds / DAY_SECONDS)) {
      problems.push(`period of the replay is ${seconds / DAY_SECONDS} days, but records are in folders of whole days; give Duration.days`);
    }
    if (!aliases.includes(alias.key)) {
      problems.push(
        `the ${this.name} is not of alias ${JSON.stringify(alias.aliasName)} of this endpoint, so that its requests are others; add `
          + 'the alias to the log, or give another',
      );
    }
    if (plan.payload?.request !== true) {
      problems.push(`the ${this.name} has no bodies of requests, so that there is nothing to replay; set logRequests`);
    }
    if (plan.redact.length > 0) {
      problems.push(
        `the ${this.name} replaces ${plan.redact.join(', ')}, so that both versions would be asked what no caller has sent; replay `
          + 'golden requests (Replay.goldenFile), or log without redact',
      );
    }
    return problems;
  }

  public bind(scope: Construct): BoundSource {
    const { bucket, bucketKey, prefix, parquet } = this.log._records;
    const objects = bucket.arnForObjects(`${prefix}*`);
    return {
      source: { kind: 'log', bucket: bucket.bucketName, prefix, days: this.seconds / DAY_SECONDS, format: parquet ? 'parquet' : 'json' },
      statements: [
        new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: [objects] }),
        new iam.PolicyStatement({
          actions: ['s3:ListBucket'],
          resources: [bucket.bucketArn],
          conditions: { StringLike: { 's3:prefix': `${prefix}*` } },
        }),
        ...inBucket(scope, bucketKey, 'read'),
      ],
      wildcards: { [objects]: "the stream names the objects that it writes; the prefix is the log's own" },
    };
  }
}
