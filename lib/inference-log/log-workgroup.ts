import * as athena from 'aws-cdk-lib/aws-athena';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Names, type Size, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { logQueries } from '../core/inference-log/queries';
import type { LogTable } from './log-table';

export interface LogWorkgroupProps {
  readonly endpointName: string;
  readonly bucket: s3.IBucket;
  readonly bucketKey: kms.IKey | undefined;
  readonly recordsPrefix: string;
  readonly resultsPrefix: string;
  readonly table: LogTable;
  readonly maximumScan: Size;
}

/** Where the records are queried: a workgroup with bounds, and saved queries. */
export class LogWorkgroup extends Construct {
  public readonly workGroupName: string;
  private readonly props: LogWorkgroupProps;

  constructor(scope: Construct, id: string, props: LogWorkgroupProps) {
    super(scope, id);
    this.props = props;
    const workGroup = new athena.CfnWorkGroup(this, 'Resource', {
      name: Names.uniqueResourceName(this, { maxLength: 100, separator: '-' }),
      description: `Inference log of model endpoint ${props.endpointName}`,
      // What was asked is kept by Athena for 45 days and must not keep the workgroup from being deleted.
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: props.maximumScan.toBytes(),
        resultConfiguration: {
          outputLocation: `s3://${props.bucket.bucketName}/${props.resultsPrefix}`,
          encryptionConfiguration:
            props.bucketKey === undefined
              ? { encryptionOption: 'SSE_S3' }
              : { encryptionOption: 'SSE_KMS', kmsKey: props.bucketKey.keyArn },
        },
      },
    });
    this.workGroupName = workGroup.name;
    for (const { name, description, sql } of logQueries(`"${props.table.tableName}"`)) {
      const query = new athena.CfnNamedQuery(
        this,
        name.replaceAll(/(?:^| )(.)/g, (_, letter: string) => letter.toUpperCase()),
        {
          name: `${props.endpointName}: ${name}`,
          description,
          database: props.table.databaseName,
          workGroup: workGroup.name,
          queryString: sql,
        },
      );
      query.node.addDependency(workGroup);
    }
  }

  /** What somebody needs to run queries and read the answers. */
  public statements(): iam.PolicyStatement[] {
    const { bucket, bucketKey, recordsPrefix, resultsPrefix, table } = this.props;
    const stack = Stack.of(this);
    return [
      new iam.PolicyStatement({
        actions: [
          'athena:BatchGetNamedQuery',
          'athena:GetNamedQuery',
          'athena:GetQueryExecution',
          'athena:GetQueryResults',
          'athena:GetWorkGroup',
          'athena:ListNamedQueries',
          'athena:StartQueryExecution',
          'athena:StopQueryExecution',
        ],
        resources: [stack.formatArn({ service: 'athena', resource: 'workgroup', resourceName: this.workGroupName })],
      }),
      new iam.PolicyStatement({
        actions: ['glue:GetDatabase', 'glue:GetPartitions', 'glue:GetTable'],
        resources: Object.values(table.arns),
      }),
      new iam.PolicyStatement({ actions: ['s3:GetBucketLocation', 's3:ListBucket'], resources: [bucket.bucketArn] }),
      new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: [bucket.arnForObjects(`${recordsPrefix}*`)] }),
      new iam.PolicyStatement({
        actions: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'],
        resources: [bucket.arnForObjects(`${resultsPrefix}*`)],
      }),
      ...(bucketKey === undefined
        ? []
        : [new iam.PolicyStatement({ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [bucketKey.keyArn] })]),
    ];
  }
}
