import { Annotations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import {
  type ForeseenProblem, concurrencyProblem, type DeclaredCapacity, instancesProblem, type Load, provisionedProblem,
} from '../core/rollout/capacity';
import { duration } from '../core/text';
import { decidedPairs } from '../core/judge/information';
import { type AlarmOutlook, alarmOutlook, type Expectation, soundThreshold, stageOutlook } from '../core/rollout/foresight';
import { SEGMENTS_SHARE } from '../core/rollout/judge-rollout';
import type { JudgementPlan, RolloutPlan, Stage } from '../core/rollout/plan';
import type { ErrorsPlan } from '../core/guardrails/errors';
import { isEvidence } from '../core/guardrails/kinds';
import type { BoundGuardrail } from '../guardrail/guardrail-kind';
import { knownProblem, rangeProblem } from '../validate/limits';
import { readable } from '../validate/readable';
import type { ModelVersion } from '../model/model-version';
import { alphaOf } from './judgement-plan';
import type { RolloutOptions } from './rollout-options';
import type { RolloutTerms } from './rollout-terms';
import { warn } from '../validate/warn';

/** Windows of more minutes than these are too many states to compute with, and no alarm for a rollout. */
const MOST_MINUTES = 10;
const PROMISED = 0.95;

/** What is wrong with what was said to be expected. */
export function expectationProblems({
  expectedRequestsPerSecond: rate,
  expectedErrorRate: errors,
  detectableRegression: regression,
  expectedLatency: latency,
}: RolloutTerms): string[] {
  const problems = [
    ...knownProblem('expectedRequestsPerSecond of the rollout', rate, [1e-6, 1e7], 'requests per second', 'leave it out if nobody knows'),
    ...knownProblem(
      'expectedErrorRate of the rollout',
      errors,
      [1e-9, 0.999],
      'of the requests',
      'it is a share, not percent, and above 0; leave it out if nobody knows',
    ),
    ...knownProblem(
      'detectableRegression of the rollout',
      regression,
      [1.000001, 1e6],
      "times production's failures",
      'choose what must not pass, such as 2',
    ),
    ...(latency?.isUnresolved() === true ? ['expectedLatency of the rollout is known only at deployment; give a duration'] : []),
    ...(latency === undefined || latency.isUnresolved()
      ? []
      : rangeProblem(
          'expectedLatency of the rollout',
          latency.toMilliseconds({ integral: false }),
          [0.01, 900_000],
          'ms',
          'it is the mean of what answers take',
        )),
  ];
  const given = [...(errors === undefined ? [] : ['expectedErrorRate']), ...(latency === undefined ? [] : ['expectedLatency'])];
  if (rate === undefined && given.length > 0) {
    problems.push(
      `${given.join(' and ')} of the rollout is given without expectedRequestsPerSecond, and says nothing by itself; give both or none`,
    );
  } else if (rate !== undefined && given.length === 0) {
    problems.push(
      'expectedRequestsPerSecond of the rollout is given without expectedErrorRate or expectedLatency, and says nothing by itself; '
        + 'give both or none',
    );
  } else if (rate === undefined && regression !== undefined) {
    problems.push(
      'detectableRegression of the rollout is given without expectedRequestsPerSecond and expectedErrorRate, which it is compared by; give '
        + 'all of them',
    );
  }
  return problems;
}

/** What judges a rollout. */
interface Judged {
  readonly guardrails: readonly BoundGuardrail[];
  readonly judgement?: JudgementPlan;
}

/** Warns where a rollout cannot do what it seems to promise, at the traffic that is expected. Says nothing where nothing is expected. */
export function warnOfForesight(
  scope: Construct,
  options: RolloutOptions,
  { control }: Pick<RolloutPlan, 'control'>,
  stages: readonly Stage[],
  { guardrails, judgement }: Judged,
): void {
  const { expectedRequestsPerSecond: requestsPerSecond, expectedErrorRate: errorRate } = options;
  if (requestsPerSecond === undefined || errorRate === undefined) {
    return;
  }
  const foresight = new Foresight(scope, { requestsPerSecond, errorRate, regression: options.detectableRegression ?? 2 }, stages, {
    alpha: alphaOf(options),
    replays: options.replay !== undefined,
    control: control !== undefined,
  });
  const plans = guardrails.flatMap(({ plan }) => plan ?? []);
  const sharers = plans.filter((plan) => isEvidence(plan) && plan.action === 'rollback').length;
  const comparing = plans.filter((plan): plan is ErrorsPlan => plan.kind === 'errors' && plan.action !== 'observe');
  for (const plan of comparing) {
    foresight.comparison(plan, (plan.action === 'rollback' ? sharers : 1) / (plan.by === undefined ? 1 : SEGMENTS_SHARE), judgement!);
  }
  const compared = comparing.some(({ action }) => action === 'rollback');
  for (const { plan, failureAlarm } of guardrails) {
    if (plan?.action === 'rollback' && failureAlarm !== undefined && failureAlarm.evaluationPeriods <= MOST_MINUTES) {
      foresight.alarm(plan.name, failureAlarm, compared);
    }
  }
}

/** Shares of the decided pairs that a candidate may lose. */
const LOST = [0.55, 0.6, 0.7];

/** Says how many pairs a judge has to decide until a candidate that loses is rolled back: any test takes at least as many on average. */
export function tellOfPreference(scope: Construct, options: RolloutOptions, { guardrails }: Pick<Judged, 'guardrails'>): void {
  const plans = guardrails.flatMap(({ plan }) => plan ?? []);
  const sharers = plans.filter((plan) => isEvidence(plan) && plan.action === 'rollback').length;
  for (const plan of plans) {
    if (plan.kind === 'preference' && plan.action !== 'observe') {
      const alpha = alphaOf(options) / (plan.action === 'rollback' ? sharers : 1);
      const pairs = LOST.map((lost) => [lost, decidedPairs(lost, plan.ratio, alpha)] as const).filter(([, needed]) => needed < Infinity)
        .map(([lost, needed]) => `${Math.round(needed)} at ${Math.round(100 * lost)}:${Math.round(100 - 100 * lost)}`);
      if (pairs.length === 0) {
        continue;
      }
      Annotations.of(scope).addInfo(
        `guardrail ${JSON.stringify(readable(scope, plan.name))}: a candidate that loses is found after no fewer decided pairs, on `
          + `average, than ${pairs.join(', ')}, losses to wins; ties come on top`,
      );
    }
  }
}

/** Warns of a model that cannot take the traffic that is expected, in any of the steps or as production. */
export function warnOfCapacity(
  scope: Construct,
  options: RolloutOptions,
  stages: readonly Stage[],
  version: Pick<ModelVersion, '_declaredCapacity'>,
): void {
  const { expectedRequestsPerSecond: requestsPerSecond, expectedLatency, preWarm } = options;
  if (requestsPerSecond === undefined) {
    return;
  }
  const load = {
    requestsPerSecond,
    seconds: expectedLatency === undefined ? 0 : expectedLatency.toMilliseconds({ integral: false }) / 1_000,
  };
  const problems = declaredProblems(version._declaredCapacity(), 100, load);
  if (problems.length > 0) {
    const first = stages.find(({ percent }) =>
      declaredProblems(version._declaredCapacity(), percent, load).some(({ certain }) => certain),
    )?.percent;
    const held = `the rollout would hold before ${first === undefined ? 'the promotion' : `${text(first)} %`}`;
    const certain = preWarm === false ? 'requests would be refused, or wait' : held;
    const then = problems.some((problem) => problem.certain) ? certain : 'callers would wait for them';
    warn(
      scope,
      'tooLittleCapacity',
      `${problems.map(({ sentence }) => sentence).join('; ')}. At that traffic ${then}`,
    );
  }
}

/** By what the template says alone: what production has is not known. */
function declaredProblems({ concurrency, provisioned, instances }: DeclaredCapacity, percent: number, load: Load): ForeseenProblem[] {
  return [
    // Without a latency nothing is known of requests at a time.
    ...(load.seconds === 0 ? [] : [
      concurrency && concurrencyProblem(concurrency, percent, load),
      provisioned === undefined ? undefined : provisionedProblem(provisioned, percent, load),
    ]),
    instances && instancesProblem(instances, percent, load),
  ].filter((problem) => problem !== undefined);
}

class Foresight {
  constructor(
    private readonly scope: Construct, private readonly expected: Expectation, private readonly stages: readonly Stage[],
    private readonly by: { readonly alpha: number; readonly replays: boolean; readonly control: boolean },
  ) {}

  comparison({ name, allowed, margin }: ErrorsPlan, sharers: number, { uncertified, overdispersion = 1 }: JudgementPlan): void {
    const { stages } = this;
    // Requests that come together say less: divide by how many do.
    const expected = { ...this.expected, requestsPerSecond: this.expected.requestsPerSecond / overdispersion };
    // A control has as many requests as the candidate, and production's own say nothing.
    const compared = (stage: Stage): [Stage, Expectation] =>
      this.by.control
        ? [
            { ...stage, percent: 50 },
            { ...expected, requestsPerSecond: (expected.requestsPerSecond * stage.percent) / 50 },
          ]
        : [stage, expected];
    const outlooks = stages.map((stage) => ({ stage, ...stageOutlook(...compared(stage), this.by.alpha / sharers, allowed!, margin!) }));
    const short = outlooks.filter(({ stage, secondsToFind }) => secondsToFind > stage.bakeSeconds);
    if (short.some(({ secondsToFind }) => secondsToFind === Infinity)) {
      this.warn(
        'stepTooShort',
        `guardrail ${JSON.stringify(name)} tolerates ${text(allowed!.ratio)} times production's failures and `
          + `${text(100 * allowed!.tolerance)} % of the requests, ` +
          `which ${this.regression} is not above; lower maxRatio or tolerance, or raise detectableRegression`,
      );
    } else if (short.length > 0) {
      const steps = short.map(
        ({ stage, found, secondsToFind }) =>
          `${step(stage)} finds ${found === undefined ? 'nothing' : `no less than ${text(found)} times`} and would take `
            + `${time(secondsToFind)}`,
      );
      this.warn(
        'stepTooShort',
        `guardrail ${JSON.stringify(name)} does not find ${this.regression} with ${100 * PROMISED} % probability within the bake time `
          + 'of every step, at ' +
          `${this.traffic}: ${steps.join('; ')}. Until then the evidence goes on to the next step, which more callers meet; bake `
            + `longer${this.by.replays ? '' : ', have recorded requests replayed before traffic (replay)'}, or give the step a share `
            + 'nearer to 50 %',
      );
    }
    const uncertain = outlooks.filter(({ stage, secondsToCertify }) => secondsToCertify > stage.bakeSeconds + uncertified.afterSeconds);
    // What a replay is certain of need not become so again.
    if (uncertain.length > 0 && uncertified.policy !== 'advance' && !this.by.replays) {
      const steps = uncertain.map(({ stage, secondsToCertify }) => `${step(stage)} would take ${time(secondsToCertify)}`);
      this.warn(
        'stepInconclusive',
        `guardrail ${JSON.stringify(name)} is not certain of a candidate as good as production with ${100 * PROMISED} % probability `
          + 'within bake time and ' +
          `inconclusiveAfter of ${duration(uncertified.afterSeconds)}, at ${this.traffic}: ${steps.join('; ')}; then the rollout `
            + `${uncertified.policy === 'pause' ? 'pauses' : 'is rolled back'}. ` +
          'Have recorded requests replayed before traffic (replay), raise inconclusiveAfter or certifiedRatio, take a share nearer to '
            + '50 %, or choose InconclusiveAction.ADVANCE',
      );
    }
  }

  alarm(name: string, alarm: NonNullable<BoundGuardrail['failureAlarm']>, compared: boolean): void {
    const outlook = alarmOutlook(alarm, this.stages, this.expected);
    const limit = `${text(100 * alarm.threshold)} %`;
    if (outlook.falseRollback > this.by.alpha) {
      const threshold = soundThreshold(alarm, this.stages, this.expected, this.by.alpha);
      const then = alarmOutlook({ ...alarm, threshold }, this.stages, this.expected);
      this.warn(
        'alarmTooSensitive',
        `guardrail ${JSON.stringify(name)} goes off above ${limit} and rolls back a candidate as good as production with a chance of `
          + `${chance(outlook.falseRollback)} ` +
          `in a rollout, at ${this.traffic}; from ${text(100 * threshold)} % on it would be ${chance(this.by.alpha)} or less, and it `
            + `would then miss ${this.missed(then)}. Raise the threshold, look at more ` +
          'minutes, or compare by Guardrail.errorRate()',
      );
    }
    // Where failures are compared the alarm is a net below the comparison, and need not see what that finds.
    if (!compared && outlook.miss > 1 - PROMISED) {
      this.warn(
        'alarmBlind',
        `guardrail ${JSON.stringify(name)} goes off above ${limit} and misses ${this.missed(outlook)} in a rollout, at `
          + `${this.traffic}; lower the threshold, bake ` +
          'longer, or compare by Guardrail.errorRate()',
      );
    }
  }

  private missed({ miss }: AlarmOutlook): string {
    return `${this.regression} with a chance of ${chance(miss)}`;
  }

  private get regression(): string {
    const { regression, errorRate } = this.expected;
    return `${text(regression)} times as many failures (${text(100 * Math.min(1, regression * errorRate))} % instead of `
      + `${text(100 * errorRate)} %)`;
  }

  private get traffic(): string {
    return `${text(this.expected.requestsPerSecond)} requests a second`;
  }

  private warn(id: string, message: string): void {
    warn(this.scope, id, message);
  }
}

function step({ percent, bakeSeconds }: Stage): string {
  return `${text(percent)} % for ${duration(bakeSeconds)}`;
}

function time(seconds: number): string {
  return seconds > 31_536_000 ? 'more than a year' : duration(Math.ceil(seconds));
}

function chance(probability: number): string {
  return `${text(100 * probability)} %`;
}

/** Three digits are more than is known. */
function text(value: number): string {
  return String(Number(value.toPrecision(3)));
}
