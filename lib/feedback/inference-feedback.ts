import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { type Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge } from '../package/acknowledge';
import type { OutcomeRule } from '../core/feedback/plan';
import { InferenceAttribute } from '../core/names';
import type { EndpointAlias } from '../endpoint/endpoint-alias';
import type { ModelEndpoint } from '../endpoint/model-endpoint';
import { targetOf } from '../endpoint/target';
import { Mistakes } from '../validate/mistakes';
import { knownProblem } from '../validate/limits';
import { feedbackDashboard } from './feedback-dashboard';
import { keyOf } from '../encryption/key-of';
import { admitToTables } from '../encryption/permissions';
import { tableEncryption } from '../encryption/table-encryption';
import { FeedbackMetrics } from './feedback-metrics';
import type { FeedbackOutcome } from './feedback-outcome';

/** Feedback on an alias. */
export interface InferenceFeedbackProps {
  /** The endpoint, defined in the same stack. */
  readonly endpoint: ModelEndpoint;

  /**
   * Alias whose answers callers may tell about.
   *
   * @default live
   */
  readonly alias?: string;

  /** What callers tell of an answer, and when it says that the answer was right. */
  readonly outcome: FeedbackOutcome;

  /**
   * Share of the inferences that are recorded, above 0 and up to 1, decided by inference id. Feedback on others is answered with `not
   * sampled`, and counts nothing.
   *
   * @default 1
   */
  readonly sampleRate?: number;

  /**
   * How long after an inference feedback is accepted, a minute to 13 days: CloudWatch takes no metrics of more than 14 days ago. For as
   * long the inference is kept.
   *
   * @default Duration.days(7)
   */
  readonly window?: Duration;

  /**
   * Key of your own that encrypts the table with predictions and outcomes.
   *
   * @default - the endpoint's `encryptionKey`; without one a key that DynamoDB owns
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Define a dashboard.
   *
   * @default true
   */
  readonly dashboard?: boolean;
}

const DAY_SECONDS = 86_400;

/**
 * Collects reports of whether an alias's answers were right: `POST …/{alias}/feedback`, with the endpoint's own authorization.
 *
 * Defines a table in which the router records each inference of the sample (id, variant, version, time and what the answer predicted,
 * nothing else of request or answer) and, once for an endpoint, a function behind the method. A report counts for the version
 * that answered, at the time of the inference. When the construct is removed, everything goes with it, the records included.
 */
export class InferenceFeedback extends Construct {
  /** Metrics of outcomes. */
  public readonly metrics: FeedbackMetrics;

  /** Address that takes feedback, with POST. */
  public readonly url: string;

  /** The dashboard, unless it was turned off. */
  public readonly dashboard?: cloudwatch.Dashboard;

  /**
   * Key of the alias's route.
   *
   * @internal
   */
  public readonly _aliasKey: string;

  /**
   * Seconds in which feedback is accepted.
   *
   * @internal
   */
  public readonly _windowSeconds: number;

  /**
   * What is told.
   *
   * @internal
   */
  public readonly _outcome: OutcomeRule;

  constructor(scope: Construct, id: string, props: InferenceFeedbackProps) {
    super(scope, id);
    const mistakes = new Mistakes(this);
    const { endpoint, alias } = targetOf(mistakes, this, props, 'feedback');
    this._aliasKey = alias.key;
    mistakes.add(...problems(props, alias));
    mistakes.report();
    this._windowSeconds = props.window?.toSeconds() ?? 7 * DAY_SECONDS;

    this._outcome = props.outcome._rule();

    const key = props.encryptionKey ?? keyOf(endpoint);
    const table = new dynamodb.Table(this, 'Inferences', {
      partitionKey: { name: InferenceAttribute.INFERENCE, type: dynamodb.AttributeType.STRING },
      timeToLiveAttribute: InferenceAttribute.EXPIRES,
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      ...tableEncryption(key),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acknowledge(table, {
      'AwsSolutions-DDB3': 'what is recorded is worth something for days, and what was told of it is in the metrics and the log',
    });
    const handler = endpoint._feedback();
    alias.addLogSource(handler.log);
    const admit = (id: string, role: iam.IRole): void => {
      new iam.Policy(this, id, {
        roles: [role],
        statements: [new iam.PolicyStatement({ actions: ['dynamodb:GetItem', 'dynamodb:PutItem'], resources: [table.tableArn] })],
      });
      if (key !== undefined) {
        admitToTables(role, key);
      }
    };
    admit('Record', alias.router.role);
    admit('Settle', handler.role);
    alias.router.expectAfterwards();
    alias.attachFeedback(
      this,
      { table: table.tableName, sampleRate: props.sampleRate ?? 1, windowSeconds: this._windowSeconds, outcome: this._outcome },
      (shadow, role) => admit(`Mirror-${shadow}`, role),
    );
    this.url = endpoint._feedbackUrl(alias.aliasName);
    this.metrics = FeedbackMetrics._of(endpoint.endpointName, alias.aliasName);
    if (props.dashboard ?? true) {
      this.dashboard = feedbackDashboard(this, `${alias.key}, feedback`, this.metrics, this._outcome);
    }
  }
}

function problems({ sampleRate, window, outcome }: InferenceFeedbackProps, { aliasName, feedbackPlan }: EndpointAlias): string[] {
  const at = `of the feedback on alias ${JSON.stringify(aliasName)}`;
  return [
    ...(feedbackPlan === undefined ? [] : [`alias ${JSON.stringify(aliasName)} takes feedback already; remove one of the two`]),
    ...knownProblem(`sampleRate ${at}`, sampleRate, [1e-6, 1], 'of the inferences', 'it is a share, not percent; 1 is the default'),
    ...(window?.isUnresolved() === true
      ? [`window ${at} is known only at deployment; give a duration`]
      : knownProblem(
          `window ${at}`,
          window?.toSeconds({ integral: false }),
          [60, 13 * DAY_SECONDS],
          's',
          'CloudWatch takes no metrics of more than 14 days ago; 7 days are the default',
        )),
    ...outcome._problems(),
  ];
}
