import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Annotations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge, wildcardFinding } from '../package/acknowledge';
import { ControlPlane } from '../control-plane/control-plane';
import type { RolloutControl } from '../control-plane/rollout-control';
import { factsOf } from '../core/backends/backends';
import { Dimension, METRIC_NAMESPACE, routeKey } from '../core/names';
import { duration } from '../core/text';
import type { Stage } from '../core/rollout/plan';
import { scheduleOf, scheduleProblems } from '../core/rollout/schedule';
import { reserveAfterMs } from '../core/routing/time-budget';
import type { EndpointAlias } from '../endpoint/endpoint-alias';
import type { EndpointRouter } from '../endpoint/endpoint-router';
import type { ModelEndpoint } from '../endpoint/model-endpoint';
import { ownEndpoint, stackProblems, undeclared } from '../endpoint/own-endpoint';
import { TargetVariantAccess } from '../endpoint/target-variant-access';
import { failTogether } from '../validate/fail-together';
import { CATASTROPHE, CatastropheGuardrail } from '../guardrail/catastrophe-guardrail';
import type { BoundGuardrail, GuardrailContext } from '../guardrail/guardrail-kind';
import type { ModelVersion } from '../model/model-version';
import { rolloutDashboard } from './rollout-dashboard';
import type { ShadowMirror } from '../shadow/shadow-mirror';
import { abortRules } from './abort-rule';
import { withDefaultGuardrails } from './default-guardrails';
import { evidenceAlarm } from './evidence-alarm';
import { warnOfCapacity, warnOfForesight } from './foresight';
import { warnOfWindows } from './time-window';
import { comparisonProblems, judgementPlan, labelProblems, shadowJudgement, uncertifiedSeconds } from './judgement';
import { isEvidence } from '../core/guardrails/kinds';
import { RolloutGrants } from './rollout-grants';
import type { RolloutOptions } from './rollout-options';
import { type RolloutReplay, rolloutReplay } from './rollout-replay';
import { rolloutShadow } from './rollout-shadow';
import { countCallers, warnOfCallers } from './sticky-callers';
import { calendarArns, optionProblems, planOf, type RolloutCourse, scheduleInput, stagesOf, timeBudgetOf } from './rollout-plan';

/** Counts are kept for a day after the rollout could have ended. */
const DAY_SECONDS = 86_400;

/** How much later than its period a metric is where an alarm can see it: minutes are evaluated once a minute. */
const METRIC_DELAY_SECONDS = { minutes: 120, highResolution: 30 };

/** What all rollouts do: check, define guardrails, make the plan, and attach it to the alias. */
export class RolloutParts {
  public readonly grants: RolloutGrants;
  public readonly rollbackAlarms: cloudwatch.IAlarmRef[];
  public readonly evidenceAlarm?: cloudwatch.Alarm;
  public readonly previewUrl?: string;
  public readonly dashboard?: cloudwatch.Dashboard;
  public readonly control: RolloutControl;
  public readonly shadow?: ShadowMirror;
  public readonly aliasKey: string;
  /** What is expected of the alias's traffic. */
  public readonly expected: Pick<RolloutOptions, 'expectedRequestsPerSecond' | 'baselineErrorRate'>;

  constructor(
    private readonly scope: Construct,
    given: RolloutOptions,
    course: RolloutCourse,
  ) {
    const { endpoint, alias } = this.target(given);
    this.aliasKey = alias.key;
    this.expected = given;
    const options = withDefaultGuardrails(given, course, alias.sticky);
    const { drainSeconds } = alias.router;
    const mistakes = optionProblems(options, course, alias.router.timeoutMs);
    const input = mistakes.length === 0 ? scheduleInput(options, course, drainSeconds) : undefined;
    const schedule = input && scheduleOf(input);
    failTogether(
      [
        ...mistakes,
        ...(input && schedule ? scheduleProblems(input, schedule) : []),
        ...(course.previewAlias === undefined ? [] : endpoint._reservePreview(course.previewAlias)),
      ],
      scope,
    );
    const stages = stagesOf(options, course);

    this.control = ControlPlane.of(endpoint).rollouts();
    const candidate = options.candidate && alias.bindCandidate(options.candidate);
    const [production] = alias.versionsDeclared;
    failTogether(
      candidate?.digest === production.digest
        ? [
            'candidate is the same version as the model of the alias, so that there is nothing to roll out; leave candidate out, or '
              + 'change one of them',
          ]
        : [],
      scope,
    );
    if (course.control !== undefined) {
      failTogether(this.controlProblems(alias, candidate === undefined ? [production] : [production, candidate]), scope);
    }
    const guardrails = this.guardrails(options, endpoint, alias, schedule!.deadlineSeconds);
    const plans = guardrails.flatMap(({ plan }) => plan ?? []);
    const judgement = judgementPlan(options, guardrails);
    failTogether(
      [
        ...comparisonProblems(guardrails, stages),
        ...labelProblems(guardrails, stages, schedule!.deadlineSeconds, uncertifiedSeconds(options)),
      ],
      scope,
    );
    countCallers(alias, plans, judgement);
    const calendars = calendarArns(this.scope, options);
    const replay = rolloutReplay(scope, options, alias);
    this.allowControl(options, alias, calendars, guardrails, replay);
    const shadow = rolloutShadow(scope, options, { endpoint, alias }, candidate ?? production, shadowJudgement(options));
    this.shadow = shadow?.mirror;
    const candidateTimeBudgetMs = timeBudgetOf(options, alias.router.timeoutMs);
    alias.attachRollout({
      scope,
      candidate,
      plan: planOf(options, course, {
        replay: replay?.plan,
        shadow: shadow?.plan,
        stages,
        schedule: schedule!,
        guardrails: plans,
        judgement,
        drainSeconds,
        candidateTimeBudgetMs,
        calendars,
        capacity: this.admitVersions(options, production, candidate),
        instanceRequestsPerMinute: (candidate ?? production)._declaredCapacity().instances?.requestsPerMinute,
        previewKey: course.previewAlias === undefined ? undefined : routeKey(endpoint.endpointName, course.previewAlias),
        previewAccess: course.previewAlias === undefined ? undefined : previewAccess(scope, options, endpoint),
      }),
      serviceTimeoutSeconds: schedule!.serviceTimeoutSeconds,
      waitConditionSeconds: schedule!.waitConditionSeconds,
    });

    this.evidenceAlarm = evidenceAlarm(scope, endpoint, alias.aliasName, plans, judgement);
    this.rollbackAlarms = [
      ...guardrails.flatMap(({ plan, alarm }) => (plan?.action === 'rollback' && alarm !== undefined ? [alarm] : [])),
      ...(this.evidenceAlarm === undefined ? [] : [this.evidenceAlarm]),
    ];
    const own = [
      ...guardrails.flatMap((guardrail) => guardrail.own ?? []),
      ...(this.evidenceAlarm === undefined ? [] : [this.evidenceAlarm]),
    ];
    own.forEach((alarm) => alarm.addAlarmAction(...(options.alarmActions ?? [])));
    abortRules(scope, alias.key, this.rollbackAlarms, this.control.abort.function);
    this.grants = RolloutGrants._of(this.control, endpoint, alias.key, course.previewAlias);
    this.previewUrl = course.previewAlias === undefined ? undefined : endpoint.urlFor(course.previewAlias);
    if (options.dashboard ?? true) {
      this.dashboard = rolloutDashboard(scope, {
        name: options.dashboardName,
        endpoint,
        aliasName: alias.aliasName,
        stages,
        replays: replay !== undefined,
        control: course.control !== undefined,
        alarms: [...guardrails.flatMap(({ alarm }) => alarm ?? []), ...(this.evidenceAlarm === undefined ? [] : [this.evidenceAlarm])],
        evidence: this.evidenceAlarm && {
          logThreshold: -Math.log(judgement!.alpha),
          guardrails: plans.filter((plan) => isEvidence(plan) && plan.action === 'rollback').map(({ name }) => name),
        },
        controllerLog: this.control.controller.function.logGroup,
      });
    }
    this.warn(guardrails, stages);
    warnOfWindows(scope, options.timeWindows ?? [], schedule!);
    this.warnOfSlowModels([production, ...(candidate === undefined ? [] : [candidate])], alias.router, candidateTimeBudgetMs);
    warnOfForesight(scope, options, course, stages, { guardrails, judgement });
    warnOfCapacity(scope, options, stages, candidate ?? production);
    warnOfCallers(scope, alias, plans, judgement);
  }

  /**
   * Whatever is in production now or after this rollout must be one that can be started anew, and callers must not stick: they would stick
   * to cold ones.
   */
  private controlProblems({ aliasName, sticky }: EndpointAlias, versions: readonly ModelVersion[]): string[] {
    const { role } = this.control.controller;
    return [
      ...versions
        .flatMap((version) => version._admitFreshCopy(role))
        .map(
          (problem) =>
            `freshControl starts production's version anew, but a model of alias ${JSON.stringify(aliasName)} cannot be: `
              + `${problem}; leave freshControl out, and raise settlingTime where caches take long to fill`,
        ),
      ...(sticky
        ? [
            `freshControl compares requests that are assigned each by itself, but the assignment of alias `
              + `${JSON.stringify(aliasName)} keeps callers with a version; leave one of them out`,
          ]
        : []),
    ];
  }

  /** The endpoint and the alias, if a rollout can be had of them. */
  private target(options: RolloutOptions): { endpoint: ModelEndpoint; alias: EndpointAlias } {
    const { endpoint, alias: name = 'live' } = options;
    const at = `alias ${JSON.stringify(name)}`;
    const own = ownEndpoint(this.scope, endpoint, 'a rollout is part of the deployment that changes the model; define it');
    const alias = own._alias(name);
    const problems = stackProblems(this.scope, own, 'a rollout', 'the rollout');
    if (alias === undefined) {
      problems.push(undeclared(name, 'the rollout'));
    } else if (alias.versionsDeclared.length > 1) {
      problems.push(
        `${at} splits its requests between ${alias.versionsDeclared.length} variants for good, but a rollout moves one model; `
          + `declare the alias with model`,
      );
    } else if (alias.hasRollout) {
      problems.push(`${at} has a rollout already, and two would pull at the same weights; attach one of them to another alias`);
    }
    failTogether(problems, this.scope);
    return { endpoint: own, alias: alias! };
  }

  /** @param deadlineSeconds for as long what they count must be kept */
  private guardrails(options: RolloutOptions, endpoint: ModelEndpoint, alias: EndpointAlias, deadlineSeconds: number): BoundGuardrail[] {
    const context: GuardrailContext = {
      endpointName: endpoint.endpointName,
      alias: alias.aliasName,
      metrics: endpoint.metrics,
      assignment: alias.assignment,
      countSegments: (segment, slow) => ({
        label: segment._label(),
        counter: alias.attachCounter(segment._counter(deadlineSeconds + DAY_SECONDS, slow)),
        ...(alias.sticky ? { sticky: true } : {}),
      }),
      whole: wholeOf(endpoint),
    };
    const kinds = [
      ...(options.catastrophicAlarm === false ? [] : [new CatastropheGuardrail()]),
      ...(options.guardrails ?? []).map((guardrail) => guardrail._kind()),
    ];
    const bound = kinds.map((kind) => kind.bind(this.scope, context));
    failTogether(
      bound.flatMap(({ problems }) => problems ?? []),
      this.scope,
    );
    return bound;
  }

  /** What the controller needs of others for this rollout; it goes with the rollout. */
  private allowControl(
    options: RolloutOptions,
    alias: EndpointAlias,
    calendars: string[],
    guardrails: readonly BoundGuardrail[],
    replay: RolloutReplay | undefined,
  ): void {
    const { hooks = [], notifications } = options;
    const statement = (actions: string[], resources: string[]): iam.PolicyStatement[] =>
      resources.length === 0 ? [] : [new iam.PolicyStatement({ actions, resources })];
    const handlers = [
      ...hooks.map(({ handler }) => handler),
      ...guardrails.flatMap(({ handler }) => handler ?? []),
      ...(replay?.handler === undefined ? [] : [replay.handler]),
    ];
    const functions = [alias.router.function.functionArn, ...new Set(handlers.map(({ functionArn }) => functionArn))];
    const policy = new iam.Policy(this.scope, 'Control', {
      roles: [this.control.controller.role],
      statements: [
        ...statement(['lambda:InvokeFunction'], functions),
        ...statement(['ssm:GetCalendarState'], calendars),
        ...statement(['sns:Publish'], notifications === undefined ? [] : [notifications.topicArn]),
        ...statement(
          ['kms:Decrypt', 'kms:GenerateDataKey'],
          notifications?.masterKey === undefined ? [] : [notifications.masterKey.keyArn],
        ),
        ...(replay?.bound.statements ?? []),
      ],
    });
    acknowledge(
      policy,
      Object.fromEntries(Object.entries(replay?.bound.wildcards ?? {}).map(([arn, reason]) => [wildcardFinding(this.scope, arn), reason])),
    );
  }

  /** Let the controller see and pre-warm versions; the capacity of the one that gets traffic goes into the plan. */
  private admitVersions(
    options: RolloutOptions,
    production: ModelVersion,
    candidate: ModelVersion | undefined,
  ): ReturnType<ModelVersion['_preWarm']> {
    const { role } = this.control.controller;
    const [capacity] = [...(candidate === undefined ? [] : [candidate]), production].map((version) => {
      version._admitController(role);
      // Also of the version that stays: what it has is held while the other has requests.
      return version._preWarm(role);
    });
    return options.preWarm === false ? undefined : capacity;
  }

  /** Of models with a time-out of their own; that of others says nothing about how long they take. */
  private warnOfSlowModels(
    versions: readonly ModelVersion[],
    { timeout, timeoutMs, streaming }: Pick<EndpointRouter, 'timeout' | 'timeoutMs' | 'streaming'>,
    budgetMs: number,
  ): void {
    if (streaming) {
      // A model's time is for all of its answer, the budget for the beginning.
      return;
    }
    const own = versions.filter(
      (version) =>
        factsOf(version._target()).ownTimeout &&
        !version.timeout.isUnresolved() &&
        version.timeout.toMilliseconds() < timeout.toMilliseconds(),
    );
    const longestMs = Math.max(0, ...own.map((version) => version.timeout.toMilliseconds()));
    const halfMs = reserveAfterMs(timeoutMs);
    const late =
      `when a candidate does not answer, production has ${halfMs} ms of the endpoint's time-out left, so that callers of its slower `
        + `requests ` +
      "get a 504; raise the endpoint's timeout to twice the model's, or lower that of the model";
    const problem =
      longestMs > budgetMs
        ? `candidateTimeBudget is ${budgetMs} ms: what it answers later counts as its failure, however good production is at the `
          + `same; raise it, or lower the model's timeout`
        : late;
    if (longestMs > Math.min(budgetMs, halfMs)) {
      Annotations.of(this.scope).addWarningV2('cdk-model-rollout:slowModel', `the model may take ${longestMs} ms, but ${problem}`);
    }
  }

  private warn(guardrails: readonly BoundGuardrail[], stages: readonly Stage[]): void {
    const annotations = Annotations.of(this.scope);
    const steps = stages.slice(0, -1).map(({ percent }) => percent);
    if (steps.length > 0 && Math.max(...steps) < 1) {
      annotations.addWarningV2(
        'cdk-model-rollout:percentNotShare',
        `the largest step before the final bake is ${Math.max(...steps)} %, fewer than one request in a hundred; percents are `
          + `percents, so that half of the requests is 50 and not 0.5`,
      );
    }
    const taking = guardrails.flatMap(({ plan, ...others }) => (plan?.action === 'rollback' ? [{ plan, ...others }] : []));
    if (!taking.some(({ plan }) => plan.name !== CATASTROPHE)) {
      annotations.addWarningV2(
        'cdk-model-rollout:noRollbackGuardrail',
        `${taking.length === 0 ? 'nothing rolls back' : 'nothing but a candidate that fails half of its requests rolls back'}; add `
          + `a guardrail, such as Guardrail.errorRateAbove(1) or Guardrail.alarm(yours), ` +
          'or, in a CanaryRollout, leave guardrails out to compare with production by evidence',
      );
    }
    for (const { plan, window, watchesBoth } of taking) {
      if (watchesBoth !== undefined) {
        annotations.addWarningV2(
          'cdk-model-rollout:alarmWatchesBothVersions',
          `guardrail ${JSON.stringify(plan.name)} watches ${watchesBoth} of all requests, in which a small share of failures does `
            + `not show, and production's ` +
            'own failures take back a candidate without fault; watch the variant "candidate", for example with endpoint.metrics',
        );
      }
      const shortest = Math.min(...stages.map(({ bakeSeconds }) => bakeSeconds));
      if (window !== undefined) {
        const delay = window.periodSeconds < 60 ? METRIC_DELAY_SECONDS.highResolution : METRIC_DELAY_SECONDS.minutes;
        const needed = window.periodSeconds * window.periods + delay;
        if (shortest < needed) {
          annotations.addWarningV2(
            'cdk-model-rollout:bakeTooShort',
            `the shortest bake time is ${duration(shortest)}, but guardrail ${JSON.stringify(plan.name)} sees a fault only after `
              + `${duration(needed)}: ` +
              `${window.periods} periods of ${window.periodSeconds} s and ${delay} s until metrics are there; bake longer or look `
                + `at fewer periods`,
          );
        }
      }
    }
  }
}

/** Metrics in which production's requests are counted with the candidate's. */
function wholeOf(endpoint: ModelEndpoint): GuardrailContext['whole'] {
  const { restApiId, restApiName } = endpoint.api;
  return [
    { namespace: METRIC_NAMESPACE, dimensions: { [Dimension.ENDPOINT]: endpoint.endpointName } },
    { namespace: 'AWS/Lambda', dimensions: { FunctionName: endpoint._routerFunction.functionName } },
    { namespace: 'AWS/ApiGateway', dimensions: { ApiName: restApiName } },
    { namespace: 'AWS/ApiGateway', dimensions: { ApiId: restApiId } },
  ];
}

/** Absent where IAM decides for each alias by itself. */
function previewAccess(
  scope: Construct,
  options: RolloutOptions,
  endpoint: ModelEndpoint,
): ReturnType<TargetVariantAccess['_rule']> | undefined {
  const access = options.previewAccess ?? (endpoint._iamAuth ? undefined : TargetVariantAccess.nobody());
  return access?._rule(scope);
}
