import { DEFAULTS } from '../core/judge/plan';
import type { ErrorComparison } from '../core/rollout/adaptive';
import { duration } from '../core/text';
import { ROLLOUT_DEFAULTS } from '../core/rollout/defaults';
import { isEvidence, kindOf, labelDelayOf } from '../core/guardrails/kinds';
import { SEGMENTS_SHARE } from '../core/rollout/judge-rollout';
import type { JudgementPlan, Stage } from '../core/rollout/plan';
import { binCount, MEASURE_LIMITS } from '../core/routing/measures';
import type { BoundGuardrail } from '../guardrail/guardrail-kind';
import { knownProblem } from '../validate/limits';
import type { RolloutTerms } from './rollout-terms';
import { plainSeconds, wholeSecondsProblem } from '../validate/seconds';
import { InconclusiveAction } from './rollout-policies';

/** How long a fresh share is left out of the evidence. */
export function settlingOf({ settlingTime }: RolloutTerms): number {
  return settlingTime === undefined ? ROLLOUT_DEFAULTS.settlingSeconds : plainSeconds(settlingTime);
}

/** How evidence is judged; nothing where there is none. */
export function judgementPlan(options: RolloutTerms, guardrails: readonly BoundGuardrail[]): JudgementPlan | undefined {
  const split = guardrails.find(({ judgement }) => judgement !== undefined)?.judgement;
  if (split === undefined && !guardrails.some(({ plan }) => plan !== undefined && isEvidence(plan))) {
    return undefined;
  }
  return {
    alpha: alphaOf(options),
    ...split,
    ...(options.requestsPerBurst === undefined ? {} : { overdispersion: options.requestsPerBurst }),
    uncertified: {
      afterSeconds: afterSeconds(options),
      policy: policyOf(options.inconclusive ?? InconclusiveAction.ADVANCE),
    },
  };
}

/**
 * Chance of a false rollback in each of replay, shadow stage and the time with traffic, as many of them as there are. Tests that are valid
 * each by itself err together as often as all do.
 */
export function alphaOf({ falseRollbackRate = DEFAULTS.alpha, replay, shadow }: RolloutTerms): number {
  return falseRollbackRate / (1 + Number(replay !== undefined) + Number(shadow !== undefined));
}

/** How the shadow stage is judged. */
export function shadowJudgement(options: RolloutTerms): JudgementPlan {
  return {
    alpha: alphaOf(options),
    uncertified: { afterSeconds: afterSeconds(options), policy: policyOf(options.shadow?.inconclusive ?? InconclusiveAction.HOLD) },
  };
}

/** How much longer than its bake time each stage may wait for certification, for the schedule. */
export function uncertifiedSeconds(options: RolloutTerms): number {
  return compares(options) || options.shadow !== undefined ? afterSeconds(options) : 0;
}

/** What is wrong with how evidence is to be judged, by itself. */
export function judgementProblems(options: RolloutTerms): string[] {
  const { falseRollbackRate, requestsPerBurst, inconclusiveAfter } = options;
  return [
    ...knownProblem(
      'falseRollbackRate of the rollout', falseRollbackRate, [1e-6, 0.5], '', 'it is a chance, not percent; 0.01 is the default',
    ),
    ...knownProblem(
      'requestsPerBurst of the rollout',
      requestsPerBurst,
      [1, 100],
      '',
      '1 says that requests are independent; leave it out to have it estimated',
    ),
    ...wholeSecondsProblem(
      'inconclusiveAfter of the rollout',
      inconclusiveAfter && plainSeconds(inconclusiveAfter),
      0,
      31_536_000,
      'ten minutes are the default',
    ),
  ];
}

/** What guardrails by evidence lack in this rollout, and what is more than routers count. */
export function comparisonProblems(guardrails: readonly BoundGuardrail[], stages: readonly Stage[]): string[] {
  const evidence = guardrails.flatMap(({ plan }) => plan ?? []).filter(isEvidence);
  const counted = evidence.map((plan) => kindOf(plan).counted(plan, []));
  const thresholds = counted.reduce((sum, { quantiles }) => sum + (quantiles?.quantiles.length ?? 0), 0);
  const sums = evidence.filter((plan) => kindOf(plan).learns(plan) !== undefined).length;
  const schemas = counted.filter(({ schema }) => schema !== undefined).length;
  const bins = counted.reduce((sum, each) => sum + (each.bins === undefined ? 0 : binCount(each.bins)), 0);
  return [
    ...(evidence.length > 0 && stages.some(({ percent }) => percent >= 100)
      ? [
          `guardrails by evidence (${evidence.map(({ name }) => JSON.stringify(name)).join(', ')}) compare with production, which has `
            + 'no requests once the candidate has all of ' +
            'them; keep a holdbackPercent in a CanaryRollout, or take guardrails that need no comparison, such as '
              + 'Guardrail.errorPercentAbove(1)',
        ]
      : []),
    ...(thresholds > MEASURE_LIMITS.thresholds
      ? [
          `the guardrails on latency and tokens' times have ${thresholds} quantiles together, but routers count `
            + `${MEASURE_LIMITS.thresholds} at the most; compare fewer of them`,
        ]
      : []),
    ...(sums > MEASURE_LIMITS.sums
      ? [`the rollout has ${sums} guardrails on tokens and costs, but routers count ${MEASURE_LIMITS.sums} at the most; take fewer`]
      : []),
    ...(schemas > MEASURE_LIMITS.schemas
      ? [
          `the rollout has ${schemas} guardrails by a schema, but routers check ${MEASURE_LIMITS.schemas} at the most; take fewer, or one `
            + 'schema with anyOf',
        ]
      : []),
    ...(bins > MEASURE_LIMITS.bins
      ? [
          `the drift guardrails have ${bins} bins together (two of each guardrail are for all others and for answers without a `
            + `prediction), but routers count ${MEASURE_LIMITS.bins} at the ` +
            'most; take fewer or wider ones',
        ]
      : []),
  ];
}

/**
 * What keeps labels from deciding: a step that ends before they are due, or a rollout that does.
 *
 * @param afterSeconds how much longer than its bake time a step waits for certification
 */
export function labelProblems(
  guardrails: readonly BoundGuardrail[],
  stages: readonly Stage[],
  deadlineSeconds: number,
  afterSeconds: number,
): string[] {
  return guardrails.flatMap(({ plan }) => {
    const delay = plan?.action === 'observe' ? 0 : 60 * (labelDelayOf(plan) ?? 0);
    if (delay === 0) {
      return [];
    }
    const at = `labels of guardrail ${JSON.stringify(plan!.name)} are due ${duration(delay)} after the inference, with what CloudWatch `
      + 'takes to show counts of hours ago';
    const short = stages.filter(({ bakeSeconds }) => bakeSeconds + afterSeconds <= delay);
    const total = stages.reduce((sum, { bakeSeconds }) => sum + Math.max(bakeSeconds, delay), 0);
    return [
      ...(short.length > 0
        ? [
            `${at}; a step of ${duration(short[0].bakeSeconds)} waits only ${duration(afterSeconds)} longer for certainty, so that `
              + 'nothing would be known of its own answers; bake longer, raise ' +
              'inconclusiveAfter, or lower labelDelay',
          ]
        : []),
      ...(total > deadlineSeconds
        ? [
            `${at}; the ${stages.length} steps take ${duration(total)}, more than the deadline of ${duration(deadlineSeconds)}; take `
              + 'fewer steps, raise the deadline (above an hour the stack ' +
              'waits with a wait condition, above twelve only with an explicit candidate), or lower labelDelay',
          ]
        : []),
    ];
  });
}

/** How errors are compared, where they are. Every comparison may have its part of the chance of a false rollback. */
export function errorComparison(options: RolloutTerms, control: boolean): ErrorComparison | undefined {
  const kinds = (options.guardrails ?? []).map((guardrail) => guardrail._kind());
  const [comparing] = kinds.filter(({ allowedErrors }) => allowedErrors !== undefined);
  const part = (comparing?.segmented === true ? SEGMENTS_SHARE : 1) / kinds.filter(({ compares }) => compares === true).length;
  return comparing && { allowed: comparing.allowedErrors!, alpha: alphaOf(options) * part, settlingSeconds: settlingOf(options), control };
}

export function policyOf(inconclusive: InconclusiveAction): JudgementPlan['uncertified']['policy'] {
  const policies = { HOLD: 'pause', ADVANCE: 'advance', ROLLBACK: 'rollback' } as const;
  return policies[inconclusive];
}

function compares(options: RolloutTerms): boolean {
  return (options.guardrails ?? []).some((guardrail) => guardrail._kind().compares === true);
}

function afterSeconds({ inconclusiveAfter }: RolloutTerms): number {
  return inconclusiveAfter === undefined ? ROLLOUT_DEFAULTS.uncertifiedAfterSeconds : plainSeconds(inconclusiveAfter);
}
