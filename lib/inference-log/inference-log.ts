import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Duration, RemovalPolicy, Size } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { type LogPlan, RecordMark } from '../core/inference-log/record';
import type { EndpointAlias } from '../endpoint/endpoint-alias';
import type { ModelEndpoint } from '../endpoint/model-endpoint';
import { stackProblems, undeclared } from '../endpoint/target';
import { Mistakes } from '../validate/mistakes';
import { InferenceLogFormat, type InferenceLogProps } from './inference-log-props';
import { keyOf, useKey } from '../encryption/key-of';
import { InferenceLogGrants } from './inference-log-grants';
import { InferenceLogMetrics } from './inference-log-metrics';
import { feedbackProblems, logProblems, patternProblem, SUBSCRIPTION_FILTERS, subscriptionProblems } from './inference-log-problems';
import { LogBucket } from './log-bucket';
import { LogDelivery } from './log-delivery';
import { LogTable } from './log-table';
import { LogWorkgroup } from './log-workgroup';
import { warn } from '../validate/warn';

const DEFAULT_RETENTION_DAYS = 90;
const QUERY_RESULT_DAYS = 7;

/**
 * Records of an alias's inferences in S3, one for each variant or shadow that was asked, with a table and saved queries.
 *
 * Router and mirrors write the records to their own logs, where nobody waits for them; subscription filters, a delivery stream, a bucket, a
 * Glue table and an Athena workgroup are defined here. Nothing of it but the bucket is left when the construct is removed.
 */
export class InferenceLog extends Construct {
  /** Where the records are. */
  public readonly bucket: s3.IBucket;

  /** Metrics of the delivery. */
  public readonly metrics: InferenceLogMetrics;

  /** Permissions on the records. */
  public readonly grants: InferenceLogGrants;

  /** Glue database of the table `records`. */
  public readonly databaseName: string;

  /** Glue table of the records. */
  public readonly tableName: string;

  /** Athena workgroup with the saved queries. */
  public readonly workGroupName: string;

  /** The alarm, unless it was turned off: give it an action. */
  public readonly deliveryAlarm?: cloudwatch.Alarm;

  /**
   * Where the records are, and of what.
   *
   * @internal
   */
  public readonly _records: {
    readonly bucket: s3.IBucket;
    readonly bucketKey?: kms.IKey;
    readonly prefix: string;
    readonly parquet: boolean;
    readonly plan: LogPlan;
    readonly aliases: readonly string[];
  };

  constructor(scope: Construct, id: string, props: InferenceLogProps) {
    super(scope, id);
    const { endpoint, aliases: names = ['live'] } = props;
    const mistakes = new Mistakes(this);
    mistakes.add(...stackProblems(this, endpoint, 'a log'), ...aliasesProblems(endpoint, names), ...logProblems(props));
    mistakes.report();
    const aliases = names.map((name) => endpoint._alias(name)!);
    useKey(this, keyOf(endpoint));
    const key = props.encryptionKey ?? keyOf(this);
    const retentionDays = props.retention?.toDays() ?? DEFAULT_RETENTION_DAYS;
    const parquet = (props.format ?? InferenceLogFormat.PARQUET) === InferenceLogFormat.PARQUET;
    const prefix = `inference-log/${endpoint.endpointName}/${id}/`;
    const [recordsPrefix, errorsPrefix, resultsPrefix] = [
      `${prefix}${parquet ? 'records' : 'records-json'}/`,
      `${prefix}errors/`,
      `${prefix}query-results/`,
    ];
    this.bucket =
      props.bucket ??
      new LogBucket(this, 'Bucket', {
        encryptionKey: key,
        retentionDays,
        queryResultDays: Math.min(QUERY_RESULT_DAYS, retentionDays),
        recordsPrefix: prefix,
        resultsPrefix,
        removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      }).bucket;
    const bucketKey = props.bucket === undefined ? key : props.bucket.encryptionKey;

    const table = new LogTable(this, 'Table', { bucket: this.bucket, prefix: recordsPrefix, parquet, retentionDays });
    const delivery = new LogDelivery(this, 'Delivery', {
      bucket: this.bucket,
      bucketKey,
      streamKey: key,
      recordsPrefix,
      errorsPrefix,
      parquet,
      table,
      bufferInterval: props.bufferInterval ?? Duration.minutes(5),
      logRetention: logs.RetentionDays.ONE_MONTH,
    });
    const workGroup = new LogWorkgroup(this, 'Queries', {
      endpointName: endpoint.endpointName,
      bucket: this.bucket,
      bucketKey,
      recordsPrefix,
      resultsPrefix,
      table,
      maximumScan: props.maxScan ?? Size.gibibytes(100),
    });
    this.databaseName = table.databaseName;
    this.tableName = table.tableName;
    this.workGroupName = workGroup.workGroupName;
    this.metrics = InferenceLogMetrics._of(delivery.stream.ref);
    this.grants = InferenceLogGrants._of(() => workGroup.statements());
    if (props.deliveryAlarm ?? true) {
      this.deliveryAlarm = this.alarm(parquet);
      this.deliveryAlarm.addAlarmAction(...(props.alarmActions ?? []));
    }
    const plan = planOf(props);
    this._records = { bucket: this.bucket, bucketKey, prefix: recordsPrefix, parquet, plan, aliases: aliases.map(({ key }) => key) };
    this.attach(aliases, plan, delivery);
    if ((props.logRequests === true || props.logResponses === true) && (props.redact ?? []).length === 0) {
      warn(
        this,
        'bodiesUnredacted',
        'bodies are logged as they are, personal data included; name what must not be kept with redact, or acknowledge this warning',
      );
    }
  }

  /** Every log with records is subscribed to once, whichever of the aliases it serves. */
  private attach(aliases: readonly EndpointAlias[], plan: LogPlan, delivery: LogDelivery): void {
    const pattern = patternOf(aliases.map(({ aliasName }) => aliasName));
    const subscribed = new Set<logs.ILogGroup>();
    const subscribe = (source: logs.ILogGroup): void => {
      if (!subscribed.has(source)) {
        subscribed.add(source);
        delivery.subscribe(`From${source.node.addr.slice(-12)}`, source, pattern);
      }
    };
    aliases.forEach((alias) => alias.attachLog(this, plan, subscribe));
    // Filters and feedback may be defined after this construct.
    this.node.addValidation({
      validate: () => [
        ...subscriptionProblems(this, [...subscribed], SUBSCRIPTION_FILTERS),
        ...aliases.flatMap(({ aliasName, feedbackPlan }) => feedbackProblems(aliasName, feedbackPlan?.outcome.prediction, plan.redact)),
      ],
    });
  }

  private alarm(parquet: boolean): cloudwatch.Alarm {
    const success = this.metrics.deliverySuccess();
    return new cloudwatch.Alarm(this, 'DeliveryAlarm', {
      alarmDescription: `Records of ${this.node.path} could not be ${parquet ? 'converted or ' : ''}written; what failed is below `
        + 'errors/ in the bucket',
      metric: new cloudwatch.MathExpression({
        label: 'failures',
        expression: parquet ? 'FILL(unconverted, 0) + (1 - FILL(success, 1))' : '1 - FILL(success, 1)',
        usingMetrics: { success, ...(parquet ? { unconverted: this.metrics.failedConversions() } : {}) },
        period: Duration.minutes(5),
      }),
      threshold: 0,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      // Nothing is delivered where nobody asks.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }
}

function planOf(props: InferenceLogProps): LogPlan {
  const { logRequests: request = false, logResponses: answer = false } = props;
  return {
    sampleRate: props.sampleRate ?? 0.1,
    ...(props.predictionPath === undefined ? {} : { predictionPath: props.predictionPath }),
    redact: props.redact ?? [],
    ...(request || answer ? { payload: { request, answer, maximumBytes: (props.maxBodySize ?? Size.kibibytes(16)).toBytes() } } : {}),
  };
}

/** What is wrong with the aliases that are to be logged, for all of them and each. */
function aliasesProblems(endpoint: ModelEndpoint, names: readonly string[]): string[] {
  return [
    ...(names.length === 0 ? ['aliases is empty; name at least one, or leave it out for live'] : []),
    ...names.flatMap((name, index) => {
      const alias = endpoint._alias(name);
      if (alias === undefined) {
        return [undeclared(name, 'a log')];
      }
      return alias.log !== undefined || names.indexOf(name) !== index
        ? [`alias ${JSON.stringify(name)} has a log already; an inference is logged once, so give it to one of them`]
        : [];
    }),
    ...patternProblem(patternOf(names), names.length),
  ];
}

/** Lines of records alone, and of these aliases alone: the router's log has those of all. */
function patternOf(aliases: readonly string[]): string {
  const any = (member: string, values: readonly string[]): string => `(${values.map((value) => `$.${member} = "${value}"`).join(' || ')})`;
  return `{ ${any('modelRollout', [RecordMark.INFERENCE, RecordMark.FEEDBACK])} && ${any('alias', aliases)} }`;
}
