import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Annotations, Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge } from '../package/acknowledge';
import { BundledFunction } from '../package/bundled-function';
import { factsOf, type Target } from '../core/backends/backends';
import type { JudgePlan } from '../core/comparison/plan';
import type { MirrorPlan } from '../core/mirroring/mirror-plan';
import { BudgetAttribute, Env } from '../core/names';
import { binCount, type BinsMeasure } from '../core/routing/measures';
import type { EndpointAlias } from '../endpoint/endpoint-alias';
import { targetOf } from '../endpoint/target';
import { admitHandOver, handsOver } from '../endpoint/hand-over';
import { Mistakes } from '../validate/mistakes';
import { keyOf, useKey } from '../encryption/key-of';
import { inTables } from '../encryption/permissions';
import { tableEncryption } from '../encryption/table-encryption';
import type { ModelVersion } from '../model/model-version';
import { shadowDashboard } from './shadow-dashboard';
import { Comparison } from './comparison';
import { mirroredConcurrency } from './concurrency';
import { type JudgeCost, MIRROR_MEMORY_MIB, mirrorCost } from '../core/mirroring/mirror-cost';
import { endedProblem, endOf } from './mirror-schedule';
import { MOST_MIRROR_SECONDS, mirrorProblems, RESERVE_SECONDS } from './mirror-problems';
import { MirroredBodies } from './mirrored-bodies';
import { ShadowMetrics } from './shadow-metrics';
import type { ShadowMirrorProps } from './shadow-mirror-props';
import { warn } from '../validate/warn';

/**
 * Copies of an alias's requests for a second model, whose answers are compared with production's and never returned.
 *
 * Defines the model's version, a function that asks it and compares, a policy that lets the router hand requests over to the function, and
 * a dashboard. Nothing of it but the log of its model is left when the construct is removed. Only requests that production itself has
 * answered with success are mirrored. Whatever the model writes, sends or pays for happens a second time for each of them.
 */
export class ShadowMirror extends Construct {
  /** Metrics of the shadow. */
  public readonly metrics: ShadowMetrics;

  /** Name of the shadow. */
  public readonly shadowName: string;

  /** The dashboard, unless it was turned off. */
  public readonly dashboard?: cloudwatch.Dashboard;

  /**
   * Key of the alias's route.
   *
   * @internal
   */
  public readonly _aliasKey: string;

  /**
   * Share of the mirrored requests that production is asked a second time.
   *
   * @internal
   */
  public readonly _noiseFloorRate: number;

  /**
   * Whether answers are judged.
   *
   * @internal
   */
  public readonly _judges: boolean;

  /**
   * What is counted of the answers.
   *
   * @internal
   */
  public readonly _outputs: readonly BinsMeasure[];

  constructor(scope: Construct, id: string, props: ShadowMirrorProps) {
    super(scope, id);
    this.shadowName = props.shadowName ?? id;
    const mistakes = new Mistakes(this);
    const { endpoint, alias } = targetOf(mistakes, this, props, 'a mirror');
    useKey(this, keyOf(endpoint));
    this._aliasKey = alias.key;
    this._noiseFloorRate = props.noiseFloorRate ?? 0;
    this._outputs = (props.outputs ?? []).map(({ path, bins, labels }) => ({
      path,
      ...(bins === undefined ? { labels } : { edges: bins }),
    }));
    const comparison = props.comparison ?? Comparison.json();
    this._judges = comparison._plan().kind === 'judge';
    const timeoutMs =
      props.timeout === undefined || props.timeout.isUnresolved()
        ? Math.min(alias.router.wholeMs, 1_000 * MOST_MIRROR_SECONDS - comparison._timeoutMs())
        : props.timeout.toMilliseconds();
    mistakes.add(...mirrorProblems(this.shadowName, props, alias), ...comparison._placeProblems(this, alias.key));
    const asking = mistakes.attempt(() => this.asking(props, timeoutMs + comparison._timeoutMs(), alias, mistakes));
    mistakes.report();

    const { mirror, version } = asking!;
    const noiseRate = this._noiseFloorRate;
    const plan: MirrorPlan = {
      endpoint: endpoint.endpointName,
      alias: alias.aliasName,
      shadow: this.shadowName,
      version: version.digest,
      target: version._target(),
      timeoutMs,
      sampleRate: props.sampleRate ?? 0.1,
      comparison: comparison._plan(),
      ...(props.maxRequestsPerMinute === undefined ? {} : { maximumPerMinute: props.maxRequestsPerMinute }),
      ...(this._outputs.length === 0 ? {} : { outputs: this._outputs }),
      ...(noiseRate === 0 ? {} : { noise: { share: noiseRate, routerFunction: alias.router.function.functionArn } }),
    };
    // A log may be attached to the alias after the mirror.
    mirror.function.addEnvironment(
      Env.MIRROR,
      Lazy.string({ produce: () => Stack.of(this).toJsonString({ ...plan, ...(alias.log && { log: alias.log }) }) }),
    );
    alias.addLogSource(mirror.log);
    // The permission to ask a new version is there before the function is told of it.
    mirror.function.node.addDependency(version);
    this.allowCalls(mirror, alias, noiseRate);
    comparison._admit(this, mirror.role);
    this.bound(mirror, props.maxRequestsPerMinute !== undefined || plan.comparison.kind === 'judge');

    const end = endOf(props);
    const bodies = props.largeBodies === true ? new MirroredBodies(this, 'Bodies', { router: alias.router, mirror }) : undefined;

    alias.router.expectAfterwards();
    alias.attachMirror(this, {
      name: this.shadowName,
      version: version.digest,
      functionArn: mirror.function.functionArn,
      sampleRate: props.sampleRate ?? 0.1,
      filters: (props.filters ?? []).map((filter) => filter._filter()),
      ...(props.passHeaders === undefined ? {} : { headers: props.passHeaders.map((name) => name.toLowerCase()) }),
      ...(props.passQueryParameters === undefined ? {} : { parameters: props.passQueryParameters }),
      ...(props.start === undefined ? {} : { startsAt: props.start.getTime() }),
      ...(end === undefined ? {} : { endsAt: end.getTime() }),
      ...(bodies === undefined ? {} : { bodiesBucket: bodies.bucket.bucketName }),
    }, mirror.role);
    this.metrics = ShadowMetrics._of(endpoint.endpointName, alias.aliasName, this.shadowName);
    if (props.dashboard ?? true) {
      this.dashboard = shadowDashboard(this, `${alias.key}, shadow ${this.shadowName}`, this.metrics, {
        outputs: this._outputs, judges: this._judges,
      });
    }
    this.tell(props, version, alias);
  }

  /** The function that asks, and what it asks. */
  private asking(
    props: ShadowMirrorProps, timeoutMs: number, alias: EndpointAlias, mistakes: Mistakes,
  ): { readonly mirror: BundledFunction; readonly version: ModelVersion } | undefined {
    const mirror = this.mirrorFunction(props, timeoutMs, alias);
    if (mistakes.any && props.model.validate().length > 0) {
      return undefined;
    }
    const version = props.model.bind(new Construct(this, 'Versions'), { invoker: mirror.role, timeout: alias.router.timeout });
    mistakes.add(...this.chain(version, mirror));
    return { mirror, version };
  }

  private mirrorFunction(props: ShadowMirrorProps, timeoutMs: number, alias: EndpointAlias): BundledFunction {
    const mirror = new BundledFunction(this, 'Function', {
      asset: 'mirror',
      description: `Asks shadow ${this.shadowName} and compares its answers with production's`,
      memorySize: MIRROR_MEMORY_MIB,
      timeout: Duration.seconds(Math.ceil(timeoutMs / 1_000) + RESERVE_SECONDS),
      reservedConcurrency: props.reserveConcurrency === false ? undefined : (props.maxConcurrency ?? 5),
      environmentRemedy:
        'the comparison, the labels of outputs and redact of the log share them: ignore fewer paths, give fewer labels, or use '
          + '$..name for a name that is in many places',
      logRetention: props.logRetention,
      network: alias.router.network,
    });
    // A backlog is dropped, and nothing is asked twice.
    new lambda.EventInvokeConfig(this, 'Queue', { function: mirror.function, maxEventAge: Duration.minutes(1), retryAttempts: 0 });
    return mirror;
  }

  private allowCalls(mirror: BundledFunction, alias: EndpointAlias, noiseRate: number): void {
    const allow = (id: string, role: iam.IRole, resource: string): void => {
      new iam.Policy(this, id, {
        roles: [role],
        statements: [new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [resource] })],
      });
    };
    allow('HandOver', alias.router.role, mirror.function.functionArn);
    if (noiseRate > 0) {
      allow('AskAgain', mirror.role, alias.router.function.functionArn);
    }
  }

  /** Requests of a minute and judgements of a day are counted in one table. */
  private bound(mirror: BundledFunction, counts: boolean): void {
    if (!counts) {
      return;
    }
    const table = new dynamodb.Table(this, 'Budget', {
      partitionKey: { name: BudgetAttribute.MINUTE, type: dynamodb.AttributeType.NUMBER },
      timeToLiveAttribute: BudgetAttribute.EXPIRES,
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      ...tableEncryption(keyOf(this)),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acknowledge(table, { 'AwsSolutions-DDB3': 'the counters of past minutes and days are of no use to anybody' });
    new iam.Policy(this, 'Count', {
      roles: [mirror.role],
      statements: [
        new iam.PolicyStatement({ actions: ['dynamodb:UpdateItem'], resources: [table.tableArn] }),
        ...inTables(this, keyOf(this)),
      ],
    });
    mirror.function.addEnvironment(Env.MIRROR_TABLE, table.tableName);
  }

  /** A shadow that is a router, of this endpoint or another, or a mirror could be mirrored in turn. */
  private chain(version: ModelVersion, mirror: BundledFunction): string[] {
    const target = version._target();
    admitHandOver(this, mirror.function.functionArn);
    const functionArn = factsOf(target).functionOf(target);
    return functionArn !== undefined && handsOver(this, functionArn)
      ? [
          'the shadow is the router of an endpoint or a mirror, which hand requests over, so that every copy could be copied again; '
            + 'give the model itself',
        ]
      : [];
  }

  private tell(props: ShadowMirrorProps, version: ModelVersion, alias: EndpointAlias): void {
    if (version.digest === alias.versionsDeclared[0].digest && !alias.isOfRollout(this.shadowName)) {
      warn(
        this,
        'shadowIsProduction',
        `the shadow is the version that is production of alias ${JSON.stringify(alias.aliasName)}, so that nothing is mirrored but `
          + `while a rollout to it is under way; give another model, or remove the mirror`,
      );
    }
    const comparison = (props.comparison ?? Comparison.json())._plan();
    const judge = comparison.kind === 'judge' ? comparison : undefined;
    this.tellOfJudge(judge, version, alias);
    const ended = endedProblem(props);
    if (ended !== undefined) {
      warn(this, 'mirrorEnded', ended);
    }
    const together = props.reserveConcurrency === false ? undefined : mirroredConcurrency(this, props.maxConcurrency ?? 5);
    if (together !== undefined) {
      warn(this, 'mirrorConcurrency', together);
    }
    if (props.expectedRequestsPerSecond !== undefined) {
      const target = version._target();
      const isFunction = factsOf(target).functionOf(target) !== undefined;
      const cost = mirrorCost({
        requestsPerSecond: props.expectedRequestsPerSecond,
        sampleRate: props.sampleRate ?? 0.1,
        maximumPerMinute: props.maxRequestsPerMinute,
        latencySeconds: (props.expectedLatency ?? Duration.millis(100)).toMilliseconds() / 1_000,
        noiseShare: props.noiseFloorRate ?? 0,
        bins: this._outputs.reduce((sum, output) => sum + binCount(output), 0),
        function: isFunction,
        ...(judge && { judge: { plan: judge, ...JUDGED_BYTES } }),
      });
      const dollars = (value: number): string => `$${value.toFixed(2)}`;
      Annotations.of(this).addInfo(
        `shadow ${this.shadowName}: about ${Math.round(cost.requestsPerMonth).toLocaleString('en-US')} requests and `
          + `${dollars(cost.total)} a month ` +
          `(mirror ${dollars(cost.mirror)}${judgeInWords(cost.judge, dollars)}, shadow ${dollars(cost.shadow)}, `
            + `logs ${dollars(cost.logs)}, metrics ${dollars(cost.metrics)}), at prices of us-east-1` +
          `${isFunction ? ' and with 1 GB for the shadow' : "; the shadow's SageMaker endpoint comes on top"}`,
      );
    }
  }

  /** Models prefer their own answers: it matters where one of the two is the judge's. */
  private tellOfJudge(judge: JudgePlan | undefined, version: ModelVersion, alias: EndpointAlias): void {
    if (judge?.by.kind !== 'bedrock') {
      return;
    }
    const { modelId } = judge.by.target;
    const isJudge = (target: Target): boolean => target.kind === 'bedrock' && target.modelId === modelId;
    const [shadow, production] = [version, alias.versionsDeclared[0]].map((each) => isJudge(each._target()));
    if (shadow !== production) {
      warn(
        this,
        'judgeIsJudged',
        `the judge of shadow ${JSON.stringify(this.shadowName)} is ${modelId}, which is the model of `
          + `${shadow ? 'the shadow' : 'production'} too, and models prefer their own answers; take another model as judge`,
      );
    }
  }
}

/** What requests and answers are taken to be for an estimate. */
const JUDGED_BYTES = { requestBytes: 1_000, answerBytes: 1_000 };

function judgeInWords(judge: JudgeCost | undefined, dollars: (value: number) => string): string {
  if (judge === undefined) {
    return '';
  }
  return judge.dollars === undefined
    ? `, judge ${((judge.tokensIn + judge.tokensOut) / 1e6).toFixed(1)} million tokens at a price that its prices would tell`
    : `, judge ${dollars(judge.dollars)}`;
}
