import type { Duration } from 'aws-cdk-lib/core';
import { Token } from 'aws-cdk-lib/core';
import type { ErrorComparison } from '../core/rollout/adaptive';
import { ROLLOUT_DEFAULTS } from '../core/rollout/defaults';
import type { Stage } from '../core/rollout/plan';
import { AdaptiveShift, type AdaptiveShiftOptions } from './adaptive-shift';
import { plainSeconds, wholeSecondsProblem } from '../validate/seconds';

/** More steps than this are a ramp that nobody can follow, and a plan that CloudFormation cannot carry. */
const MOST_STEPS = 100;

/** One share, then the rest. */
export interface CanaryShiftOptions {
  /** Share of the requests that the candidate serves first, percent: any number above 0, such as 0.1. */
  readonly stepPercent: number;

  /** How long it serves that share before the final bake. */
  readonly stepBakeTime: Duration;
}

/** Equal steps. */
export interface LinearShiftOptions {
  /** What each step adds, percent: any number above 0. */
  readonly stepPercent: number;

  /** How long each step lasts. */
  readonly stepBakeTime: Duration;
}

/** Steps that grow by a factor. */
export interface ExponentialShiftOptions {
  /** First share, percent: any number above 0. */
  readonly startPercent: number;

  /**
   * What each share is multiplied by for the next one, above 1.
   *
   * @default 2
   */
  readonly factor?: number;

  /** How long each step lasts. */
  readonly stepBakeTime: Duration;
}

/** What steps have in common. */
export interface StepsOptions {
  /** How long each step lasts. */
  readonly bakeTime: Duration;
}

/** One step of a shift. */
export interface TrafficStep {
  /** Share of the requests that the candidate serves, percent: any number above 0. */
  readonly percent: number;

  /** How long the step lasts. */
  readonly bakeTime: Duration;

  /**
   * Whether somebody must approve before the step begins, with `model-rollout approve`.
   *
   * @default false
   */
  readonly approval?: boolean;
}

/**
 * The steps by which a candidate gets its share of an alias's requests. The final bake, in which the candidate serves nearly all of
 * them, follows by itself. Shares are of requests, not of instances: 0.1 % works on one instance too.
 */
export abstract class TrafficShift {
  /** A share for a while, then the final bake. */
  public static canary(props: CanaryShiftOptions): TrafficShift {
    return new Shift(() => [stepOf(props.stepPercent, props.stepBakeTime)]);
  }

  /** Equal steps, such as 10, 20, 30 … 90 %. Those that the final bake exceeds are left out. */
  public static linear(props: LinearShiftOptions): TrafficShift {
    return new Shift(
      (final) => series(final, (index) => props.stepPercent * (index + 1), props.stepBakeTime),
      rampProblems('stepPercent', props.stepPercent, (index) => props.stepPercent * (index + 1)),
    );
  }

  /** Growing steps, such as 1, 2, 4 … 64 %. Those that the final bake exceeds are left out. */
  public static exponential(props: ExponentialShiftOptions): TrafficShift {
    const { startPercent, factor = 2 } = props;
    return new Shift(
      (final) => series(final, (index) => startPercent * factor ** index, props.stepBakeTime),
      Token.isUnresolved(factor) || !(factor > 1 && Number.isFinite(factor))
        ? [`factor of the traffic shift is ${factor}, but must be a number above 1, or the shares would not grow; choose 2 to double them`]
        : rampProblems('startPercent', startPercent, (index) => startPercent * factor ** index),
    );
  }

  /**
   * Shares of your own, all for the same time.
   *
   * @param percents increasing, each above 0 and at most 100; 100 stands for the final bake
   */
  public static steps(percents: number[], options: StepsOptions): TrafficShift {
    return TrafficShift.custom(percents.map((percent) => ({ percent, bakeTime: options.bakeTime })));
  }

  /**
   * Shares of your own, each for its own time, and where you say so with approval.
   *
   * @param steps increasing shares, each above 0 and at most 100; a last step of 100 stands for the final bake, which then lasts as
   * long as the longer of the two
   */
  public static custom(steps: TrafficStep[]): TrafficShift {
    return new Shift(
      () => steps.map(({ percent, bakeTime, approval }) => stepOf(percent, bakeTime, approval)),
      steps.length === 0 ? ['the traffic shift has no steps; give at least one, or choose TrafficShift.allAtOnce()'] : [],
    );
  }

  /**
   * Steps that follow from a budget of failed requests. The first share is so small that even a total failure stays within the budget. Each
   * step lasts until a regression that would break the budget at the next share has been found with 95 % probability, and the shares grow
   * as fast as that allows. Needs `Guardrail.errorRate()`.
   */
  public static adaptive(props: AdaptiveShiftOptions): TrafficShift {
    const shift = new AdaptiveShift(props);
    return new Shift((final, comparison) => shift.stages(final, comparison), [], (final, comparison) => shift.problems(final, comparison));
  }

  /** No steps: the final bake begins at once. */
  public static allAtOnce(): TrafficShift {
    return new Shift(() => []);
  }

  /**
   * The steps of a canary that was given none.
   *
   * @internal
   */
  public static _default(): TrafficShift {
    return new Shift((finalPercent) =>
      ROLLOUT_DEFAULTS.steps.filter(({ percent }) => percent < finalPercent).map((step) => ({ ...step, approval: false })),
    );
  }

  /**
   * The stages up to the final bake, whose share is `finalPercent`, in a rollout that compares errors in this way.
   *
   * @internal
   */
  public abstract _stages(finalPercent: number, comparison?: ErrorComparison): Stage[];

  /** @internal */
  public abstract _problems(finalPercent: number, comparison?: ErrorComparison): string[];
}

type Stages = (finalPercent: number, comparison?: ErrorComparison) => Stage[];
type Problems = (finalPercent: number, comparison?: ErrorComparison) => string[];

class Shift extends TrafficShift {
  constructor(
    private readonly stages: Stages,
    private readonly problems: string[] = [],
    private readonly moreProblems: Problems = () => [],
  ) {
    super();
  }

  /** @internal */
  public _stages(finalPercent: number, comparison?: ErrorComparison): Stage[] {
    return this.stages(finalPercent, comparison);
  }

  /** @internal */
  public _problems(finalPercent: number, comparison?: ErrorComparison): string[] {
    const problems = [...this.problems, ...this.moreProblems(finalPercent, comparison)];
    return problems.length > 0 ? problems : stageProblems(this.stages(finalPercent, comparison), finalPercent);
  }
}

function stepOf(percent: number, bakeTime: Duration, approval = false): Stage {
  return { percent, bakeSeconds: plainSeconds(bakeTime), approval };
}

function series(final: number, percentAt: (index: number) => number, bakeTime: Duration): Stage[] {
  const stages: Stage[] = [];
  for (let index = 0; index < MOST_STEPS; index++) {
    // 0.1 + 0.2 is not 0.3: shares are kept to a millionth of a percent.
    const percent = Number(percentAt(index).toFixed(6));
    if (percent >= final) {
      break;
    }
    stages.push(stepOf(percent, bakeTime));
  }
  return stages;
}

function rampProblems(name: string, first: number, percentAt: (index: number) => number): string[] {
  if (Token.isUnresolved(first)) {
    return [`${name} of the traffic shift is known only at deployment; give a number`];
  }
  if (!(first > 0 && first <= 100)) {
    return [`${name} of the traffic shift is ${first} %, but must be above 0 and at most 100; choose a share such as 10`];
  }
  return percentAt(MOST_STEPS) < 100
    ? [`the traffic shift with ${name} ${first} % has more than ${MOST_STEPS} steps; take larger ones`]
    : [];
}

function stageProblems(stages: readonly Stage[], final: number): string[] {
  const problems: string[] = [];
  stages.forEach(({ percent, bakeSeconds }, index) => {
    const at = `step ${index + 1} of the traffic shift`;
    if (Token.isUnresolved(percent)) {
      problems.push(`${at} is known only at deployment; give a number`);
      return;
    }
    if (!(percent > 0 && percent <= 100)) {
      problems.push(`${at} is ${percent} %, but must be above 0 and at most 100; choose a share such as 10`);
    } else if (percent >= final && !(percent === 100 && index === stages.length - 1)) {
      problems.push(
        `${at} is ${percent} %, but the final bake, which follows by itself, has ${final} %; leave the step out`
          + (final < 100 ? ' or lower holdbackPercent' : ''),
      );
    }
    const before = stages[index - 1]?.percent;
    if (before !== undefined && !(percent > before)) {
      problems.push(`${at} is ${percent} %, not more than the ${before} % before it; give shares that increase`);
    }
    problems.push(
      ...wholeSecondsProblem(`bake time of ${at}`, bakeSeconds, 1, 31_536_000, 'give it some minutes, in which something can be seen'),
    );
  });
  if (stages.length > MOST_STEPS) {
    problems.push(`the traffic shift has ${stages.length} steps, but may have ${MOST_STEPS}; take larger ones`);
  }
  return problems;
}
