import { Token } from 'aws-cdk-lib/core';
import type { ReplayPlan, ReplaySource } from '../core/replay/plan';
import { parseJsonPath } from '../core/json/json-path';
import { agreementBounds, agreementProblems } from '../guardrail/agreement-bounds';
import { knownProblem, wholeProblem } from '../validate/limits';
import { Comparison } from '../shadow/comparison';
import type { ReplayOptions } from './replay-options';

/** What a replay does that was told nothing else. */
export const REPLAY_DEFAULTS = {
  failureTolerance: 0.02,
  accuracyTolerance: 0.05,
  slowdown: 1.5,
  requests: 1_000,
  requestsPerSecond: 5,
  concurrency: 2,
  warmUpRequests: 10,
} as const;

/** What is wrong with how requests are to be replayed. */
export function replayOptionProblems(options: ReplayOptions): string[] {
  const { minAgreementRate, certifiedAgreementRate, beyondNoise, noiseFloorRate = 0, labelPath, comparison } = options;
  const at = 'of the replay';
  const problems = [
    ...agreementProblems(at, minAgreementRate, certifiedAgreementRate),
    ...knownProblem(`noiseFloorRate ${at}`, noiseFloorRate, [0, 1], 'of the requests', 'it is a share, not percent'),
    ...knownProblem(
      `failureTolerance ${at}`,
      options.failureTolerance,
      [0.0001, 0.5],
      'of the requests',
      `it is a share, not percent; ${REPLAY_DEFAULTS.failureTolerance} is the default`,
    ),
    ...knownProblem(
      `accuracyTolerance ${at}`,
      options.accuracyTolerance,
      [0.0001, 0.5],
      'of the requests',
      `it is a share, not percent; ${REPLAY_DEFAULTS.accuracyTolerance} is the default`,
    ),
    ...knownProblem(
      `maxSlowdown ${at}`,
      options.maxSlowdown,
      [1, 1_000],
      "times production's time",
      `${REPLAY_DEFAULTS.slowdown} is the default`,
    ),
    ...knownProblem(
      `requestsPerSecond ${at}`,
      options.requestsPerSecond,
      [0.01, 1_000],
      'requests a second',
      `production gets them beside its callers' requests; ${REPLAY_DEFAULTS.requestsPerSecond} is the default`,
    ),
    ...wholeKnown(`maxRequests ${at}`, options.maxRequests, [1, 10_000], 'requests', `${REPLAY_DEFAULTS.requests} is the default`),
    ...wholeKnown(
      `maxConcurrency ${at}`,
      options.maxConcurrency,
      [1, 20],
      'requests',
      `${REPLAY_DEFAULTS.concurrency} is the default`,
    ),
    ...wholeKnown(`warmUpRequests ${at}`, options.warmUpRequests, [0, 500], 'requests', `${REPLAY_DEFAULTS.warmUpRequests} is the default`),
    ...(comparison === undefined ? [] : [...comparison._problems(), ...comparisonProblems(comparison)]),
  ];
  if (beyondNoise === true && !(noiseFloorRate > 0 && minAgreementRate !== undefined)) {
    problems.push(
      `beyondNoise ${at} needs ${minAgreementRate === undefined
        ? 'minAgreementRate, which says how much disagreement is too much'
        : 'to know how often production differs from itself; set noiseFloorRate, for example to 0.5'}`,
    );
  }
  if (labelPath !== undefined && parseJsonPath(labelPath) === undefined) {
    problems.push(
      `labelPath ${at} is ${JSON.stringify(labelPath)}, but must name one place such as "$.label", without wildcards and filters`,
    );
  }
  return problems;
}

/** A replay asks for all its pairs within runs of the controller. */
const MOST_COMPARISON_MS = 60_000;

function comparisonProblems(comparison: Comparison): string[] {
  const timeoutMs = comparison._timeoutMs();
  return [
    ...(comparison._plan().kind === 'judge'
      ? [
          'the comparison of the replay is a judge, which only a ShadowMirror asks; take another comparison, or Guardrail.preference on a '
            + 'mirror',
        ]
      : []),
    ...(timeoutMs > MOST_COMPARISON_MS
      ? [`timeout of the replay's comparison is ${timeoutMs / 1_000} s, but must be at most ${MOST_COMPARISON_MS / 1_000} s; lower it`]
      : []),
  ];
}

/** A replay as the controller does it. For options without problems. */
export function replayPlanOf(
  options: ReplayOptions,
  source: ReplaySource,
  {
    alpha,
    uncertified,
    available,
  }: Pick<ReplayPlan, 'alpha' | 'uncertified'> & { /** Requests, where that is known. */ readonly available?: number },
): ReplayPlan {
  const { minAgreementRate, certifiedAgreementRate, beyondNoise = false, noiseFloorRate = 0, labelPath } = options;
  return {
    source,
    requests: requestsOf(options, available),
    requestsPerSecond: options.requestsPerSecond ?? REPLAY_DEFAULTS.requestsPerSecond,
    concurrency: options.maxConcurrency ?? REPLAY_DEFAULTS.concurrency,
    warmUpRequests: options.warmUpRequests ?? REPLAY_DEFAULTS.warmUpRequests,
    // A judge is a problem.
    comparison: (options.comparison ?? Comparison.json())._plan() as ReplayPlan['comparison'],
    ...(labelPath === undefined ? {} : { labelPath }),
    ...(minAgreementRate === undefined
      ? {}
      : { agreement: { ...agreementBounds(minAgreementRate, certifiedAgreementRate), ...(beyondNoise ? { beyondNoise } : {}) } }),
    ...(noiseFloorRate === 0 ? {} : { noiseShare: noiseFloorRate }),
    failureTolerance: options.failureTolerance ?? REPLAY_DEFAULTS.failureTolerance,
    accuracyTolerance: options.accuracyTolerance ?? REPLAY_DEFAULTS.accuracyTolerance,
    slowdown: options.maxSlowdown ?? REPLAY_DEFAULTS.slowdown,
    seconds: replaySeconds(options, available),
    alpha,
    uncertified,
  };
}

/** The time that a replay takes at its rate, with what a judgement every forty seconds adds. */
export function replaySeconds(options: ReplayOptions, available?: number): number {
  return Math.ceil((1.2 * requestsOf(options, available)) / (options.requestsPerSecond ?? REPLAY_DEFAULTS.requestsPerSecond)) + 30;
}

function requestsOf({ maxRequests = REPLAY_DEFAULTS.requests }: ReplayOptions, available = Infinity): number {
  return Math.min(maxRequests, available);
}

/** The problem with a whole number that synthesis computes with. */
function wholeKnown(...given: Parameters<typeof wholeProblem>): string[] {
  return Token.isUnresolved(given[1]) ? knownProblem(...given) : wholeProblem(...given);
}
