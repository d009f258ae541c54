/** Of what time the prices are. */
export const PRICES_DATE = 'November 2026';

/**
 * List prices in us-east-1, US dollars, as the authors know them: not looked up by any program, so compare them with these pages. The free
 * tier is left out. Whatever estimates a cost takes them from here.
 * @see https://aws.amazon.com/lambda/pricing/
 * @see https://aws.amazon.com/api-gateway/pricing/
 * @see https://aws.amazon.com/cloudwatch/pricing/
 * @see https://aws.amazon.com/dynamodb/pricing/on-demand/
 * @see https://aws.amazon.com/step-functions/pricing/
 * @see https://aws.amazon.com/firehose/pricing/
 * @see https://aws.amazon.com/ec2/pricing/on-demand/
 */
export const PRICES = {
  /** A request of a REST API. */
  apiRequest: 3.5e-6,
  lambdaRequest: 0.2e-6,
  lambdaArmGbSecond: 0.0000133334,
  lambdaX86GbSecond: 0.0000166667,
  logsGb: 0.5,
  /** A custom metric for a month, by the hour in which it has data. */
  metricMonth: 0.3,
  /** A metric that GetMetricData is asked for. */
  metricRead: 0.01 / 1_000,
  /** A metric that an alarm looks at, for a month; of one that is evaluated more often than once a minute. */
  alarmMonth: 0.1,
  highResolutionAlarmMonth: 0.3,
  dashboardMonth: 3,
  dynamoDbWrite: 0.625e-6,
  dynamoDbRead: 0.125e-6,
  stepFunctionsTransition: 0.025 / 1_000,
  /** What Firehose takes in, and what of it becomes Parquet. */
  firehoseGb: 0.029,
  firehoseConversionGb: 0.018,
  /** From API Gateway to the internet, the first ten terabytes of a month. */
  transferOutGb: 0.09,
  hoursAMonth: 730,
} as const;

/** Metrics that a shadow has: 3 of the router, and 9 of the mirror, for the shadow and for its version. */
export const SHADOW_METRICS = 3 + 2 * 9;

/** The same names with prices of one's own. */
export type Prices = { readonly [name in keyof typeof PRICES]: number };

/** SageMaker real-time inference by the hour, about: sources of 2025 and 2026 differ by up to a fifth. */
export const INSTANCE_HOUR: { readonly [type: string]: number } = {
  'ml.t2.medium': 0.056, 'ml.t2.large': 0.111,
  'ml.m5.large': 0.115, 'ml.m5.xlarge': 0.23, 'ml.m5.2xlarge': 0.461, 'ml.m5.4xlarge': 0.922,
  'ml.c5.large': 0.102, 'ml.c5.xlarge': 0.204, 'ml.c5.2xlarge': 0.408, 'ml.c5.4xlarge': 0.816,
  'ml.g4dn.xlarge': 0.736, 'ml.g4dn.2xlarge': 0.94, 'ml.g5.xlarge': 1.408, 'ml.g5.2xlarge': 1.515,
};
