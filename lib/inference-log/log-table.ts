import * as glue from 'aws-cdk-lib/aws-glue';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Names, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { LOG_COLUMNS, LOG_PARTITIONS } from '../core/inference-log/columns';

export interface LogTableProps {
  readonly bucket: s3.IBucket;
  readonly prefix: string;
  readonly parquet: boolean;
  readonly retentionDays: number;
}

/** The records as a table, whose partitions are computed and need neither a crawler nor a repair. */
export class LogTable extends Construct {
  public readonly databaseName: string;
  public readonly tableName: string;
  public readonly arns: { readonly catalog: string; readonly database: string; readonly table: string };

  constructor(scope: Construct, id: string, props: LogTableProps) {
    super(scope, id);
    const stack = Stack.of(this);
    // Glue takes small letters only.
    const database = new glue.CfnDatabase(this, 'Database', {
      catalogId: stack.account,
      databaseInput: {
        name: Names.uniqueResourceName(this, { maxLength: 100, separator: '_' }).toLowerCase(),
        description: 'Inference logs of model endpoints',
      },
    });
    this.databaseName = database.ref;
    const columns = ({ parquet }: LogTableProps): glue.CfnTable.StorageDescriptorProperty => (parquet
      ? {
          inputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
          outputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
          serdeInfo: { serializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
        }
      : {
          inputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
          outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
          serdeInfo: { serializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' },
        });
    const location = `s3://${props.bucket.bucketName}/${props.prefix}`;
    const table = new glue.CfnTable(this, 'Table', {
      catalogId: stack.account,
      databaseName: database.ref,
      tableInput: {
        name: 'records',
        description: 'One row for each variant of a sampled inference, and for each feedback',
        tableType: 'EXTERNAL_TABLE',
        partitionKeys: [...LOG_PARTITIONS],
        storageDescriptor: { ...columns(props), columns: [...LOG_COLUMNS], location },
        parameters: {
          'EXTERNAL': 'TRUE',
          'classification': props.parquet ? 'parquet' : 'json',
          'projection.enabled': 'true',
          'projection.day.type': 'date',
          'projection.day.format': 'yyyy-MM-dd',
          'projection.day.range': `NOW-${props.retentionDays}DAYS,NOW`,
          'projection.hour.type': 'integer',
          'projection.hour.range': '0,23',
          'projection.hour.digits': '2',
          'storage.location.template': `${location}day=\${day}/hour=\${hour}`,
        },
      },
    });
    this.tableName = table.ref;
    const arn = (resource: string, resourceName?: string): string => stack.formatArn({ service: 'glue', resource, resourceName });
    this.arns = { catalog: arn('catalog'), database: arn('database', database.ref), table: arn('table', `${database.ref}/${table.ref}`) };
  }
}
