import * as firehose from 'aws-cdk-lib/aws-kinesisfirehose';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge, wildcardFinding } from '../package/acknowledge';
import { logGroup } from '../encryption/log-group';
import type { LogTable } from './log-table';

export interface LogDeliveryProps {
  readonly bucket: s3.IBucket;
  /** Of the bucket. */
  readonly bucketKey: kms.IKey | undefined;
  /** Of the stream's buffer; absent means one that AWS owns. */
  readonly streamKey: kms.IKey | undefined;
  /** Where records go, and what could not be delivered. */
  readonly recordsPrefix: string;
  readonly errorsPrefix: string;
  readonly parquet: boolean;
  readonly table: LogTable;
  readonly bufferInterval: Duration;
  readonly logRetention: logs.RetentionDays;
}

/** Firehose converts to Parquet only what it has collected 64 MB of, or waited long enough for. */
const BUFFER_MB = 64;

/** From log groups to the bucket: subscription filters, a stream that unpacks and converts, and the two roles. */
export class LogDelivery extends Construct {
  public readonly stream: firehose.CfnDeliveryStream;
  private readonly subscriber: iam.Role;

  constructor(scope: Construct, id: string, props: LogDeliveryProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const log = logGroup(this, 'Log', { retention: props.logRetention });
    const logStream = new logs.LogStream(this, 'LogStream', {
      logGroup: log,
      logStreamName: 'delivery',
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = this.deliveryRole(props, log);
    const date = 'day=!{timestamp:yyyy-MM-dd}';
    this.stream = new firehose.CfnDeliveryStream(this, 'Stream', {
      deliveryStreamType: 'DirectPut',
      deliveryStreamEncryptionConfigurationInput:
        props.streamKey === undefined ? { keyType: 'AWS_OWNED_CMK' } : { keyType: 'CUSTOMER_MANAGED_CMK', keyArn: props.streamKey.keyArn },
      extendedS3DestinationConfiguration: {
        bucketArn: props.bucket.bucketArn,
        roleArn: role.roleArn,
        prefix: `${props.recordsPrefix}${date}/hour=!{timestamp:HH}/`,
        errorOutputPrefix: `${props.errorsPrefix}!{firehose:error-output-type}/${date}/`,
        bufferingHints: { sizeInMBs: BUFFER_MB, intervalInSeconds: props.bufferInterval.toSeconds() },
        // Parquet has a compression of its own.
        compressionFormat: props.parquet ? 'UNCOMPRESSED' : 'GZIP',
        ...(props.bucketKey === undefined
          ? {}
          : { encryptionConfiguration: { kmsEncryptionConfig: { awskmsKeyArn: props.bucketKey.keyArn } } }),
        cloudWatchLoggingOptions: { enabled: true, logGroupName: log.logGroupName, logStreamName: logStream.logStreamName },
        processingConfiguration: {
          enabled: true,
          // Logs arrive as gzip with many events in one record: unpacked first, then the events' messages alone.
          processors: [
            { type: 'Decompression', parameters: [{ parameterName: 'CompressionFormat', parameterValue: 'GZIP' }] },
            { type: 'CloudWatchLogProcessing', parameters: [{ parameterName: 'DataMessageExtraction', parameterValue: 'true' }] },
          ],
        },
        ...(props.parquet ? { dataFormatConversionConfiguration: this.conversion(props.table, role) } : {}),
      },
    });
    // Its policies are part of the role, so that both are there together.
    this.stream.node.addDependency(role);
    this.subscriber = new iam.Role(this, 'Subscriber', {
      // Not for logs of others.
      assumedBy: new iam.ServicePrincipal('logs.amazonaws.com', {
        conditions: { StringLike: { 'aws:SourceArn': stack.formatArn({ service: 'logs', resource: '*' }) } },
      }),
      inlinePolicies: {
        Put: new iam.PolicyDocument({
          statements: [
            new iam.PolicyStatement({ actions: ['firehose:PutRecord', 'firehose:PutRecordBatch'], resources: [this.stream.attrArn] }),
          ],
        }),
      },
    });
  }

  /** Send on the lines of a log that match a pattern. */
  public subscribe(id: string, source: logs.ILogGroup, pattern: string): void {
    const filter = new logs.CfnSubscriptionFilter(this, id, {
      logGroupName: source.logGroupName, filterPattern: pattern, destinationArn: this.stream.attrArn, roleArn: this.subscriber.roleArn,
    });
    filter.node.addDependency(this.subscriber);
  }

  private deliveryRole(props: LogDeliveryProps, log: logs.ILogGroup): iam.Role {
    const stack = Stack.of(this);
    const objects = [props.recordsPrefix, props.errorsPrefix].map((prefix) => props.bucket.arnForObjects(`${prefix}*`));
    const { catalog, database, table } = props.table.arns;
    const role = new iam.Role(this, 'Role', {
      // Firehose names the account for which it acts, so that a stream of another account gets nothing.
      assumedBy: new iam.ServicePrincipal('firehose.amazonaws.com', { conditions: { StringEquals: { 'sts:ExternalId': stack.account } } }),
      inlinePolicies: {
        Deliver: new iam.PolicyDocument({
          statements: [
            new iam.PolicyStatement({ actions: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'], resources: objects }),
            new iam.PolicyStatement({
              actions: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
              resources: [props.bucket.bucketArn],
            }),
            new iam.PolicyStatement({ actions: ['logs:PutLogEvents'], resources: [log.logGroupArn] }),
            ...(props.parquet
              ? [
                  new iam.PolicyStatement({
                    actions: ['glue:GetTable', 'glue:GetTableVersion', 'glue:GetTableVersions'],
                    resources: [catalog, database, table],
                  }),
                ]
              : []),
            ...(props.bucketKey === undefined
              ? []
              : [
                  new iam.PolicyStatement({
                    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
                    resources: [props.bucketKey.keyArn],
                    conditions: { StringEquals: { 'kms:ViaService': `s3.${stack.region}.amazonaws.com` } },
                  }),
                ]),
          ],
        }),
      },
    });
    acknowledge(
      role,
      Object.fromEntries(
        objects.map((arn) => [wildcardFinding(this, arn), "the stream names the objects that it writes; the prefix is the log's own"]),
      ),
    );
    return role;
  }

  private conversion(table: LogTable, role: iam.Role): firehose.CfnDeliveryStream.DataFormatConversionConfigurationProperty {
    const stack = Stack.of(this);
    return {
      enabled: true,
      // Names of members are compared without regard to case.
      inputFormatConfiguration: { deserializer: { openXJsonSerDe: { caseInsensitive: true } } },
      outputFormatConfiguration: { serializer: { parquetSerDe: { compression: 'SNAPPY' } } },
      schemaConfiguration: {
        catalogId: stack.account,
        region: stack.region,
        databaseName: table.databaseName,
        tableName: table.tableName,
        roleArn: role.roleArn,
        versionId: 'LATEST',
      },
    };
  }
}
