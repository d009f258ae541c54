import { API_GATEWAY_TIMEOUT_SECONDS } from '../aws-limits';
import { bakeForPower } from '../judge/information';
import { DEFAULTS } from '../judge/plan';
import { type AdaptiveInput, adaptiveSteps, toleratedHarm } from './adaptive';
import { duration } from '../text';
import { ROUTE_MAX_AGE_MS } from '../timing';
import { ADAPTIVE_DEFAULTS, ROLLOUT_DEFAULTS } from './defaults';
import { stageOutlook } from './foresight';
import type { Stage } from './plan';
import { type Answer, leastSeconds, longestDeadline, type ScheduleInput, scheduleOf, scheduleProblems } from './schedule';

/** What a schedule is wanted for. */
export interface ProposalInput {
  /** Of the alias, all versions together. */
  readonly requestsPerSecond: number;
  /** Share of production's requests that fail. */
  readonly errorRate: number;
  /** Share of a candidate's requests that fail, which must be found. @default {@link defaultRegression} */
  readonly regression?: number;
  /** Failures beyond production's own that a total failure may cost. @default {@link defaultHarmBudget} */
  readonly harmBudget?: number;
}

export interface ProposedStep {
  readonly percent: number;
  readonly bakeSeconds: number;
  /** The bake with all but the holdback, which follows by itself. */
  readonly final: boolean;
  /** Lowest share of failures that this step finds by itself with 95 % probability; absent where not even a total failure is found. */
  readonly found?: number;
  /** Whether that is the regression or less. */
  readonly findsRegression: boolean;
  /** Failures beyond production's own that a candidate costs which fails at everything from a moment within this step on. */
  readonly totalFailureCost: number;
  /** The same of the regression. */
  readonly regressionCost: number;
}

export interface Proposal {
  readonly requestsPerSecond: number;
  readonly errorRate: number;
  readonly regression: number;
  /** Times as many failures as production's that the regression is. */
  readonly detectableRegression: number;
  readonly harmBudget: number;
  /** Of steps and final bake. */
  readonly steps: readonly ProposedStep[];
  /** The least time from the first request to the promotion. */
  readonly leastSeconds: number;
  /** The time in which a candidate as good as production is promoted with about 95 % probability in every step: some wait for certainty. */
  readonly likelySeconds: number;
  /** How CloudFormation learns of the end. */
  readonly answer: Answer;
  /** Time after which the rollout is rolled back, by default. */
  readonly deadlineSeconds: number;
  /** The longest deadline with this answer; absent where there is none. */
  readonly longestDeadlineSeconds?: number;
}

/** The defaults of a `CanaryRollout`, its guardrails, its endpoint and `TrafficShift.adaptive`, which a proposal leaves as they are. */
const FINAL_PERCENT = 100 - ROLLOUT_DEFAULTS.holdbackPercent;
const FINAL_BAKE_SECONDS = ROLLOUT_DEFAULTS.finalBakeSeconds;
const UNCERTIFIED_SECONDS = ROLLOUT_DEFAULTS.uncertifiedAfterSeconds;
const INTERVAL_SECONDS = ROLLOUT_DEFAULTS.intervalSeconds;
const DELAY_SECONDS = 60;
/** Of an endpoint with the default time-out. */
const DRAIN_SECONDS = API_GATEWAY_TIMEOUT_SECONDS + ROUTE_MAX_AGE_MS / 1_000;
const REACTION_SECONDS = ROLLOUT_DEFAULTS.settlingSeconds + ADAPTIVE_DEFAULTS.reactionSeconds;
/** Errors and latency share the chance of a false rollback. */
const COMPARISON = { alpha: DEFAULTS.alpha / 2, allowed: DEFAULTS.allowed, settlingSeconds: ROLLOUT_DEFAULTS.settlingSeconds };

/** A reaction begins with a whole period, in which evidence gathers. */
const PERIOD_SECONDS = 60;
const YEAR_SECONDS = 31_536_000;
/** A budget of fewer failures makes steps long whose harm nobody would notice. */
const LEAST_DEFAULT_BUDGET = 10;
/** `detectableRegression` of a rollout may be no more. */
const MOST_TIMES = 1e6;

/** Twice production's failures; where that is nearly tolerated, four times the tolerance above what the ratio allows. */
export function defaultRegression(errorRate: number): number {
  const { ratio, tolerance } = COMPARISON.allowed;
  return Math.min(1, digits(Math.max(2 * errorRate, ratio * errorRate + 4 * tolerance), 6));
}

/** One in a hundred of the requests within a reaction, and twice what is tolerated, so that steps end soon. */
export function defaultHarmBudget(requestsPerSecond: number, errorRate: number): number {
  const input = adaptiveInput({ requestsPerSecond, errorRate, regression: 1, harmBudget: 1 });
  return Math.ceil(Math.max(LEAST_DEFAULT_BUDGET, digits(0.01 * requestsPerSecond * REACTION_SECONDS), digits(2 * toleratedHarm(input))));
}

/** Why there is no schedule for this, with value, limit and remedy; nothing when there is one. */
export function proposalProblems(given: ProposalInput): string[] {
  const { requestsPerSecond, errorRate } = given;
  const problems = [
    ...outside('requestsPerSecond', requestsPerSecond, [1e-6, 1e7], 'requests a second', 'take the busiest hour'),
    ...outside(
      'errorRate',
      errorRate,
      [1e-9, 0.999],
      'of the requests',
      'it is a share such as 0.01, or 1%; where production hardly ever fails give the most that is usual, such as 0.0001',
    ),
    ...outside(
      'regression',
      given.regression,
      [1e-9, 1],
      'of the requests',
      'it is the share that a bad candidate fails to answer, such as 0.02, or 2%',
    ),
    ...outside('harmBudget', given.harmBudget, [1e-6, 1e12], 'failed requests', 'choose how many are bearable, such as 200'),
  ];
  if (problems.length > 0) {
    return problems;
  }
  const input = complete(given);
  const { regression, harmBudget } = input;
  const allowed = allowedRate(errorRate);
  if (regression <= allowed) {
    return [
      `regression is ${percent(regression)} of the requests, but where production fails at ${percent(errorRate)} Guardrail.errorRate() `
        + `tolerates up to ${percent(allowed)}; ` +
        (allowed < 1
          ? `raise regression above that, to ${percent(defaultRegression(errorRate))} for steps that end soon`
          : 'nothing above that can be found; lower errorRate'),
    ];
  }
  if (regression / errorRate > MOST_TIMES) {
    return [
      `regression is ${number(regression / errorRate)} times errorRate, but may be ${MOST_TIMES} times at the most; lower regression `
        + `to ${number(MOST_TIMES * errorRate)}`,
    ];
  }
  const tolerated = toleratedHarm(adaptiveInput(input));
  if (harmBudget <= tolerated) {
    return [
      `harmBudget is ${number(harmBudget)} failed requests, but at ${number(requestsPerSecond)} requests a second what `
        + `Guardrail.errorRate() tolerates makes up to ${Math.ceil(tolerated)} within the ` +
        `${REACTION_SECONDS} s of a reaction; raise harmBudget above that, to ${defaultHarmBudget(requestsPerSecond, errorRate)} for `
          + 'steps that end soon',
    ];
  }
  const steps = adaptiveSteps(adaptiveInput(input));
  const longest = steps.reduce((one, other) => (other.bakeSeconds > one.bakeSeconds ? other : one));
  return longest.bakeSeconds > YEAR_SECONDS
    ? [
        `the step of ${percent(longest.share)} would have to last ${duration(longest.bakeSeconds)}, at ${number(requestsPerSecond)} `
          + 'requests a second, but a rollout may last ' +
          `${duration(YEAR_SECONDS)}; raise regression (${percent(regression)}) or harmBudget (${number(harmBudget)}), so that fewer `
            + 'requests suffice',
      ]
    : [];
}

/**
 * A schedule that finds the regression with 95 % probability before the candidate serves nearly all requests, and whose first share is so
 * small that a total failure stays within the budget if one reaction is enough to find it, as it is unless the candidate has hardly any
 * requests: the steps of `TrafficShift.adaptive`, in whole minutes. For input without {@link proposalProblems}.
 *
 * @see docs/how-it-decides.md 3
 */
export function propose(given: ProposalInput): Proposal {
  const input = complete(given);
  const { requestsPerSecond, errorRate, regression } = input;
  const steps = adaptiveSteps(adaptiveInput(input));
  const stages: Stage[] = [
    ...steps.map(({ share, bakeSeconds }) => ({
      percent: Number((100 * share).toFixed(6)),
      bakeSeconds: 60 * Math.ceil(bakeSeconds / 60),
      approval: false,
    })),
    { percent: FINAL_PERCENT, bakeSeconds: FINAL_BAKE_SECONDS, approval: false },
  ];
  const detectableRegression = times(input);
  const outlooks = stages.map((stage) =>
    stageOutlook(
      stage,
      { requestsPerSecond, errorRate, regression: detectableRegression },
      COMPARISON.alpha,
      COMPARISON.allowed,
      DEFAULTS.margin,
    ),
  );
  const schedule = scheduleFor(stages);
  const longest = longestDeadline(schedule.answer, DRAIN_SECONDS);
  const least = leastSeconds(scheduleInput(stages, false));
  return {
    requestsPerSecond, errorRate, regression, detectableRegression, harmBudget: input.harmBudget,
    steps: stages.map(({ percent: share, bakeSeconds }, index) => {
      const { found, secondsToFind } = outlooks[index];
      const cost = (rate: number): number => costOf(input, { share: share / 100, bakeSeconds }, rate);
      return {
        percent: share, bakeSeconds, final: index === stages.length - 1,
        ...(found === undefined ? {} : { found: found * errorRate }),
        findsRegression: secondsToFind <= bakeSeconds,
        totalFailureCost: cost(1), regressionCost: cost(regression),
      };
    }),
    leastSeconds: least,
    likelySeconds: stages.reduce((sum, { bakeSeconds }, index) =>
      sum + Math.min(UNCERTIFIED_SECONDS, Math.max(0, Math.ceil(outlooks[index].secondsToCertify - bakeSeconds))), least),
    answer: schedule.answer,
    deadlineSeconds: schedule.deadlineSeconds,
    ...(longest === Infinity ? {} : { longestDeadlineSeconds: longest }),
  };
}

/** What a fault costs that begins in a step: until it is found and rolled back, or, where the step does not find it, all of the step. */
function costOf(
  { requestsPerSecond, errorRate }: Required<ProposalInput>,
  { share, bakeSeconds }: { readonly share: number; readonly bakeSeconds: number },
  rate: number,
): number {
  const found = bakeForPower(
    { requestsPerSecond, share, alpha: COMPARISON.alpha },
    { candidateRate: rate, productionRate: errorRate },
    COMPARISON.allowed,
  );
  const lasts = found <= bakeSeconds ? REACTION_SECONDS + Math.max(0, found - PERIOD_SECONDS) : bakeSeconds;
  return requestsPerSecond * share * (rate - errorRate) * lasts;
}

function scheduleFor(stages: readonly Stage[]): ReturnType<typeof scheduleOf> {
  const waitedFor = scheduleInput(stages, false);
  const schedule = scheduleOf(waitedFor);
  return scheduleProblems(waitedFor, schedule).length === 0 ? schedule : scheduleOf(scheduleInput(stages, true));
}

function scheduleInput(stages: readonly Stage[], detached: boolean): ScheduleInput {
  return {
    stages,
    intervalSeconds: INTERVAL_SECONDS,
    settlingSeconds: ROLLOUT_DEFAULTS.settlingSeconds,
    drainSeconds: DRAIN_SECONDS,
    delaySeconds: DELAY_SECONDS,
    waitsForPeople: false,
    detached,
    uncertifiedSeconds: UNCERTIFIED_SECONDS,
  };
}

function complete({ requestsPerSecond, errorRate, regression, harmBudget }: ProposalInput): Required<ProposalInput> {
  return {
    requestsPerSecond, errorRate,
    regression: regression ?? defaultRegression(errorRate),
    harmBudget: harmBudget ?? defaultHarmBudget(requestsPerSecond, errorRate),
  };
}

function adaptiveInput({ requestsPerSecond, errorRate, regression, harmBudget }: Required<ProposalInput>): AdaptiveInput {
  return {
    harmBudget,
    requestsPerSecond,
    errorRate,
    regression: times({ errorRate, regression }),
    reactionSeconds: REACTION_SECONDS,
    growth: ADAPTIVE_DEFAULTS.growth,
    firstShare: ADAPTIVE_DEFAULTS.maximumStartPercent / 100,
    leastBakeSeconds: ADAPTIVE_DEFAULTS.minimumBakeSeconds,
    finalShare: FINAL_PERCENT / 100,
    comparison: COMPARISON,
  };
}

/** As many digits as somebody would paste. */
function times({ errorRate, regression }: Pick<Required<ProposalInput>, 'errorRate' | 'regression'>): number {
  return digits(regression / errorRate, 6);
}

function allowedRate(errorRate: number): number {
  return COMPARISON.allowed.ratio * errorRate + COMPARISON.allowed.tolerance;
}

function outside(
  name: string,
  value: number | undefined,
  [least, most]: readonly [number, number],
  unit: string,
  remedy: string,
): string[] {
  return value === undefined || (value >= least && value <= most)
    ? []
    : [`${name} is ${value} ${unit}, but must be between ${least} and ${most}; ${remedy}`];
}

function digits(value: number, count = 2): number {
  return Number(value.toPrecision(count));
}

function number(value: number): string {
  return String(digits(value, 3));
}

function percent(share: number): string {
  return `${number(100 * share)} %`;
}
