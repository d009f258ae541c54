import { Duration } from 'aws-cdk-lib/core';
import { type AdaptiveInput, adaptiveSteps, type ErrorComparison, toleratedHarm } from '../core/rollout/adaptive';
import { ADAPTIVE_DEFAULTS } from '../core/rollout/defaults';
import type { Stage } from '../core/rollout/plan';
import { knownProblem } from '../validate/limits';
import { plainSeconds, secondsProblem } from '../validate/seconds';

/** What steps are derived from. */
export interface AdaptiveShiftOptions {
  /**
   * Failed requests, beyond those that production would have failed as well, that may be served between the start of a fault and the return
   * to production, above 0. It is what the first share and the time of every step follow from.
   */
  readonly harmBudget: number;

  /** Requests per second that the alias gets, all versions together; take the busiest hour. */
  readonly expectedRequestsPerSecond: number;

  /** Share of its requests that production fails to answer, above 0 and below 1. */
  readonly expectedErrorRate: number;

  /**
   * The regression that must be found with 95 % probability before the candidate gets nearly all requests: its error rate, in multiples of
   * production's, above 1.
   *
   * @default 2
   */
  readonly detectableRegression?: number;

  /**
   * Largest first share, percent, above 0 and at most 50. The harm budget may make it smaller.
   *
   * @default 10
   */
  readonly maxStartPercent?: number;

  /**
   * Largest factor from one share to the next, 1.2 to 100.
   *
   * @default 5
   */
  readonly growth?: number;

  /**
   * How long every step lasts at the least: nothing is found of a fault that needs time to begin.
   *
   * @default Duration.minutes(5)
   */
  readonly minBakeTime?: Duration;

  /**
   * Time from the start of a fault until production serves again, at the most: up to two minutes until a whole one is over in which it is
   * counted, one until metrics are complete, and one until the rollout is judged. The rollout's settling time, in which nothing is
   * compared, is added to it.
   *
   * @default Duration.minutes(4)
   */
  readonly reactionTime?: Duration;
}

/** The smallest first share that is worth the name. */
const LEAST_SHARE = 1e-6;

/** The stages of a shift that follows from a harm budget. */
export class AdaptiveShift {
  constructor(private readonly props: AdaptiveShiftOptions) {}

  public stages(finalPercent: number, comparison: ErrorComparison | undefined): Stage[] {
    return comparison === undefined || this.ownProblems().length > 0
      ? []
      : adaptiveSteps(this.input(finalPercent, comparison)).map(({ share, bakeSeconds }) => ({
        percent: Number((share * 100).toFixed(6)), bakeSeconds, approval: false,
      }));
  }

  public problems(finalPercent: number, comparison: ErrorComparison | undefined): string[] {
    const own = this.ownProblems();
    if (own.length > 0) {
      return own;
    }
    if (comparison === undefined) {
      return [
        'TrafficShift.adaptive derives its steps from what Guardrail.errorRate() finds within them, but the rollout does not compare '
          + 'errors; add that guardrail, ' +
          'in a CanaryRollout with a holdback, or choose another shift',
      ];
    }
    if (comparison.control === true) {
      return [
        'TrafficShift.adaptive computes how long production, as it is, must be compared with, but freshControl compares with as few '
          + 'requests as the candidate has; choose another shift, or leave freshControl out',
      ];
    }
    const input = this.input(finalPercent, comparison);
    const { errorRate, regression } = input;
    const allowed = comparison.allowed.ratio * errorRate + comparison.allowed.tolerance;
    if (regression * errorRate <= allowed) {
      return [
        `detectableRegression of the traffic shift is ${regression} times ${Number((100 * errorRate).toPrecision(3))} % failures, but `
          + `Guardrail.errorRate() tolerates ${Number((100 * allowed).toPrecision(3))} %; ` +
          `raise detectableRegression above ${Number((allowed / errorRate).toPrecision(3))}, or lower the guardrail's maxRatio or `
            + 'tolerance',
      ];
    }
    const tolerated = toleratedHarm(input);
    if (input.harmBudget <= tolerated) {
      return [
        `harmBudget of the traffic shift is ${this.props.harmBudget}, but at ${this.props.expectedRequestsPerSecond} requests a second `
          + `and ${finalPercent} % of them, the difference that Guardrail.errorRate() ` +
          `tolerates makes up to ${Math.ceil(tolerated)} failed requests within the reaction time of ${input.reactionSeconds} s; raise `
            + 'harmBudget above that (to twice as much, for steps that end soon), or lower the tolerance',
      ];
    }
    const [first] = adaptiveSteps(input);
    return first !== undefined && first.share < LEAST_SHARE
      ? [
          `harmBudget of the traffic shift is ${this.props.harmBudget}, which a total failure reaches with a share of `
            + `${first.share * 100} %; raise harmBudget or shorten reactionTime`,
        ]
      : [];
  }

  private ownProblems(): string[] {
    const { props } = this;
    const at = 'of the traffic shift';
    return [
      ...knownProblem(
        `harmBudget ${at}`,
        props.harmBudget,
        [Number.MIN_VALUE, 1e12],
        'failed requests',
        'choose how many are bearable, such as 200',
      ),
      ...knownProblem(
        `expectedRequestsPerSecond ${at}`,
        props.expectedRequestsPerSecond,
        [1e-6, 1e7],
        'requests per second',
        'take the busiest hour',
      ),
      ...knownProblem(
        `expectedErrorRate ${at}`,
        props.expectedErrorRate,
        [1e-9, 0.999],
        'of the requests',
        'it is a share, not percent, and above 0',
      ),
      ...knownProblem(
        `detectableRegression ${at}`, props.detectableRegression, [1.000001, 1e6], "times production's failures", '2 is the default',
      ),
      ...knownProblem(`maxStartPercent ${at}`, props.maxStartPercent, [0.0001, 50], '%', '10 is the default'),
      ...knownProblem(`growth ${at}`, props.growth, [1.2, 100], 'times', '5 is the default'),
      ...secondsProblem(
        `minBakeTime ${at}`,
        props.minBakeTime && plainSeconds(props.minBakeTime),
        1,
        31_536_000,
        'five minutes are the default',
      ),
      ...secondsProblem(
        `reactionTime ${at}`,
        props.reactionTime && plainSeconds(props.reactionTime),
        1,
        86_400,
        'four minutes are the default',
      ),
    ];
  }

  private input(finalPercent: number, comparison: ErrorComparison): AdaptiveInput {
    const { props } = this;
    return {
      harmBudget: props.harmBudget,
      requestsPerSecond: props.expectedRequestsPerSecond,
      errorRate: props.expectedErrorRate,
      regression: props.detectableRegression ?? ADAPTIVE_DEFAULTS.detectableRegression,
      reactionSeconds: comparison.settlingSeconds + plainSeconds(props.reactionTime ?? Duration.seconds(ADAPTIVE_DEFAULTS.reactionSeconds)),
      growth: props.growth ?? ADAPTIVE_DEFAULTS.growth,
      firstShare: (props.maxStartPercent ?? ADAPTIVE_DEFAULTS.maximumStartPercent) / 100,
      leastBakeSeconds: plainSeconds(props.minBakeTime ?? Duration.seconds(ADAPTIVE_DEFAULTS.minimumBakeSeconds)),
      finalShare: finalPercent / 100,
      comparison,
    };
  }
}
