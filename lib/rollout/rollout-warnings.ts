import type { Construct } from 'constructs';
import { factsOf } from '../core/backends/backends';
import type { Stage } from '../core/rollout/plan';
import { sharedStages } from '../core/rollout/stages';
import { reserveAfterMs } from '../core/routing/time-budget';
import { duration } from '../core/text';
import type { EndpointRouter } from '../endpoint/endpoint-router';
import { CIRCUIT_BREAKER } from '../guardrail/circuit-breaker-guardrail';
import type { BoundGuardrail } from '../guardrail/guardrail-kind';
import type { ModelVersion } from '../model/model-version';
import { tellOfPreference, warnOfCapacity, warnOfForesight } from './foresight';
import { timeBudgetOf } from './rollout-course';
import type { RolloutInParts } from './rollout-plan';
import { InsufficientTrafficAction } from './rollout-policies';
import { warnOfReplay } from './rollout-replay';
import { warnOfCallers } from './sticky-callers';
import { warnOfWindows } from './time-window';
import { warn } from '../validate/warn';

/** How much later than its period a metric is where an alarm can see it: minutes are evaluated once a minute. */
const METRIC_DELAY_SECONDS = { minutes: 120, highResolution: 30 };

/** Say what a rollout cannot do although nothing is wrong with it. */
export function warnOfRollout({ scope, options, course, alias, versions, judged, schedule, replay }: RolloutInParts): void {
  const stages = sharedStages(schedule.stages);
  if (replay !== undefined) {
    warnOfReplay(scope, replay);
  }
  warnOfSteps(scope, stages);
  warnOfGuardrails(scope, judged.guardrails, stages);
  warnOfSilence(scope, judged.guardrails, options.insufficientTraffic === InsufficientTrafficAction.ADVANCE);
  warnOfWindows(scope, options.timeWindows ?? [], schedule);
  warnOfSlowModels(scope, versions.all, alias.router, timeBudgetOf(options, alias.router.timeoutMs));
  warnOfForesight(scope, options, course, stages, judged);
  tellOfPreference(scope, options, judged);
  warnOfCapacity(scope, options, stages, versions.moving);
  warnOfCallers(scope, alias, judged.plans, judged.judgement);
}

function warnOfSteps(scope: Construct, stages: readonly Stage[]): void {
  const steps = stages.slice(0, -1).map(({ percent }) => percent);
  if (steps.length > 0 && Math.max(...steps) < 1) {
    warn(
      scope,
      'percentNotShare',
      `the largest step before the final bake is ${Math.max(...steps)} %, fewer than one request in a hundred; percents are `
        + `percents, so that half of the requests is 50 and not 0.5`,
    );
  }
}

function warnOfGuardrails(scope: Construct, guardrails: readonly BoundGuardrail[], stages: readonly Stage[]): void {
  const taking = guardrails.flatMap(({ plan, ...others }) => (plan?.action === 'rollback' ? [{ plan, ...others }] : []));
  if (!taking.some(({ plan }) => plan.name !== CIRCUIT_BREAKER)) {
    warn(
      scope,
      'noRollbackGuardrail',
      `${taking.length === 0 ? 'nothing rolls back' : 'nothing but a candidate that fails half of its requests rolls back'}; add `
        + `a guardrail, such as Guardrail.errorPercentAbove(1) or Guardrail.alarm(yours), ` +
        'or, in a CanaryRollout, leave guardrails out to compare with production by evidence',
    );
  }
  for (const { plan, countsFallbacks } of guardrails) {
    if (countsFallbacks !== undefined) {
      warn(
        scope,
        'metricCountsFallbacks',
        `guardrail ${JSON.stringify(plan?.name)} reads production's side from ${countsFallbacks}, which counts what production answers in `
          + 'place of a failed or slow candidate as well, so that a bad candidate makes production look worse; read endpoint.metrics, '
          + "which tells them apart, or publish a metric of requests that were production's own",
      );
    }
  }
  for (const { plan, window, watchesBoth } of taking) {
    if (watchesBoth !== undefined) {
      warn(
        scope,
        'alarmWatchesBothVersions',
        `guardrail ${JSON.stringify(plan.name)} watches ${watchesBoth} of all requests, in which a small share of failures does `
          + `not show, and production's ` +
          'own failures roll back a candidate without fault; watch the variant "candidate", for example with endpoint.metrics',
      );
    }
    const shortest = Math.min(...stages.map(({ bakeSeconds }) => bakeSeconds));
    if (window !== undefined) {
      const delay = window.periodSeconds < 60 ? METRIC_DELAY_SECONDS.highResolution : METRIC_DELAY_SECONDS.minutes;
      const needed = window.periodSeconds * window.periods + delay;
      if (shortest < needed) {
        warn(
          scope,
          'bakeTooShort',
          `the shortest bake time is ${duration(shortest)}, but guardrail ${JSON.stringify(plan.name)} sees a fault only after `
            + `${duration(needed)}: ` +
            `${window.periods} periods of ${window.periodSeconds} s and ${delay} s until metrics are there; bake longer or look `
              + `at fewer periods`,
        );
      }
    }
  }
}

/** An alarm of the user's that is content where the candidate says nothing: nothing else may notice that it does not. */
function warnOfSilence(scope: Construct, guardrails: readonly BoundGuardrail[], withoutRequests: boolean): void {
  for (const { plan, silence } of guardrails) {
    if (silence !== undefined && plan?.action !== 'observe' && (withoutRequests || !silence.withRequests)) {
      warn(
        scope,
        'silenceIsHealth',
        `guardrail ${JSON.stringify(plan?.name)} watches ${silence.of} of the candidate, and ${silence.by}: a candidate of which there is `
          + `no such data ${silence.withRequests ? 'goes on, as insufficientTraffic is ADVANCE' : 'passes it'}; leave treatMissingData `
          + 'at TreatMissingData.MISSING and insufficientData at InsufficientData.HOLD, so that the rollout waits for data',
      );
    }
  }
}

/** Of models with a time-out of their own; that of others says nothing about how long they take. */
function warnOfSlowModels(
  scope: Construct,
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
    warn(scope, 'slowModel', `the model may take ${longestMs} ms, but ${problem}`);
  }
}
