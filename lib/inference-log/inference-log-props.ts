import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { Duration, RemovalPolicy, Size } from 'aws-cdk-lib/core';
import type { ModelEndpoint } from '../endpoint/model-endpoint';

/** How records are kept. */
export enum InferenceLogFormat {
  /** Columns, compressed: queries read, and cost, only what they need. */
  PARQUET = 'parquet',
  /** A JSON object on each line, compressed: read by anything. */
  JSON_LINES = 'json',
}

/** A log of what was asked of an endpoint. */
export interface InferenceLogProps {
  /** The endpoint, defined in the same stack. */
  readonly endpoint: ModelEndpoint;

  /**
   * Aliases whose inferences are logged; each has at most one log.
   *
   * @default - live alone
   */
  readonly aliases?: string[];

  /**
   * Share of the inferences that are logged, above 0 and up to 1. Decided by inference id, so that all variants and shadows of an
   * inference are in the log or none is.
   *
   * @default 0.1
   */
  readonly sampleRate?: number;

  /**
   * Where in a model's JSON answer its prediction is, such as `$.label`. It is logged by itself, without payload logging too.
   *
   * @default - predictions are not logged
   */
  readonly predictionPath?: string;

  /**
   * Log the bodies of requests that are JSON.
   *
   * @default false
   */
  readonly logRequests?: boolean;

  /**
   * Log the bodies of answers that are JSON.
   *
   * @default false
   */
  readonly logResponses?: boolean;

  /**
   * Paths of values that are replaced before anything is written: `$.user.email`, `$.items[*].card`, `$..email` for a member of that name
   * at any depth. A body that cannot be parsed is not logged at all.
   *
   * @default - nothing is replaced
   */
  readonly redact?: string[];

  /**
   * Largest body that is logged, redacted and escaped, up to 100,000 bytes. A larger one is left out whole.
   *
   * @default Size.kibibytes(16)
   */
  readonly maxBodySize?: Size;

  /**
   * How records are kept. A change leaves records in the old format where they are, where the table does not read them any more.
   *
   * @default InferenceLogFormat.PARQUET
   */
  readonly format?: InferenceLogFormat;

  /**
   * How long Firehose collects records before it writes them, 1 to 15 minutes.
   *
   * @default Duration.minutes(5)
   */
  readonly bufferInterval?: Duration;

  /**
   * Bucket for records and query results. It keeps its own settings: encryption, life cycle, access.
   *
   * @default - a bucket of the log's own: encrypted, without public access, over TLS only
   */
  readonly bucket?: s3.IBucket;

  /**
   * Key for the log's own bucket, the delivery stream's buffer and query results.
   *
   * @default - the endpoint's `encryptionKey`; without one keys that AWS owns
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * How long records are kept in the log's own bucket, whole days. For queries the table shows as much.
   *
   * @default Duration.days(90)
   */
  readonly retention?: Duration;

  /**
   * What becomes of the log's own bucket when the construct is removed. CloudFormation cannot delete a bucket with records in it; empty it
   * first, or give a bucket that empties itself.
   *
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE - only a first deployment that fails removes it
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * Most that one query may read; Athena ends one that reads more. At least 10 MB.
   *
   * @default Size.gibibytes(100)
   */
  readonly maxScan?: Size;

  /**
   * Define an alarm on records that could not be converted or written.
   *
   * @default true
   */
  readonly deliveryAlarm?: boolean;

  /**
   * What that alarm does when it goes off, such as `new SnsAction(onCall)` of `aws-cloudwatch-actions`.
   *
   * @default - nothing: it only shows its state
   */
  readonly alarmActions?: cloudwatch.IAlarmAction[];
}
