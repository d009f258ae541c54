import type { MetricSource } from '../guardrails/sources';
import { sourceKey } from '../guardrails/sources';
import { judge } from '../judge/judge';
import type { CountsMeasurement, OutcomeCounts, Period } from '../judge/period';
import { type GuardrailPlan, UNCHECKED_SPLIT } from '../judge/plan';
import { CLIP } from '../rollout/judge-rollout';
import { type Series, seriesAt, type SeriesByKey } from '../rollout/series';
import type { EvidenceHookPlan, HookAnswer, HookStep, HookTargetGroup } from './plan';

const NAMESPACE = 'AWS/ApplicationELB';
const MINUTE_MS = 60_000;
/** A load balancer's counts of a minute are whole some two minutes later. */
const DELAY_MS = 120_000;

interface StepTime {
  readonly start: number;
  readonly until: number;
  readonly periodSeconds: 60;
}

/** The minutes that are closed, epoch milliseconds: the first and the last may be another step's in part. */
export function stepTime({ since }: Pick<HookStep, 'since'>, now: number): StepTime {
  const start = Math.ceil(since / MINUTE_MS) * MINUTE_MS;
  return { start, until: Math.max(start, Math.floor((now - DELAY_MS) / MINUTE_MS) * MINUTE_MS), periodSeconds: 60 };
}

/** Everything that is read for a step. */
export function stepSources(plan: EvidenceHookPlan, { candidate, production }: Pick<HookStep, 'candidate' | 'production'>): MetricSource[] {
  return [candidate, production].flatMap((group) => {
    const { requests, errors, unreachable, answers, slow } = sourcesOf(plan, group);
    return [requests, errors, unreachable, ...(slow === undefined ? [] : [answers, slow])];
  });
}

/**
 * What a load balancer counts of the targets behind a group.
 *
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
 */
function sourcesOf({ slowerThanSeconds }: EvidenceHookPlan, { dimensions }: HookTargetGroup): {
  readonly [what in 'requests' | 'errors' | 'unreachable' | 'answers']: MetricSource;
} & { readonly slow?: MetricSource } {
  const of = (metricName: string, statistic: MetricSource['statistic']): MetricSource =>
    ({ namespace: NAMESPACE, metricName, dimensions, statistic });
  return {
    requests: of('RequestCount', 'Sum'),
    errors: of('HTTPCode_Target_5XX_Count', 'Sum'),
    unreachable: of('TargetConnectionErrorCount', 'Sum'),
    answers: of('TargetResponseTime', 'SampleCount'),
    ...(slowerThanSeconds === undefined ? {} : { slow: of('TargetResponseTime', `TC(${slowerThanSeconds}:)`) }),
  };
}

/** What comes next, by all that is known of a step now. A pure function of its arguments: whoever asks twice is answered the same. */
export function judgeStep(plan: EvidenceHookPlan, step: HookStep, series: SeriesByKey, now: number): HookAnswer {
  const time = stepTime(step, now);
  const periods = periodsOf(plan, step, series, time);
  const judgement = judge(
    {
      start: time.start,
      periodMs: MINUTE_MS,
      plannedPeriods: Math.ceil((step.askedAt - step.since) / MINUTE_MS + plan.waitSeconds / 60),
      clip: CLIP,
      // The step's bake time is that of the service.
      minimumPeriods: 1,
      alpha: plan.alpha / step.steps,
      // Load balancers keep callers together, and testers come too.
      sampleRatio: UNCHECKED_SPLIT,
      guardrails: guardrailsOf(plan),
    },
    periods,
    { step: 0, closedUntil: time.until },
  );
  const requests = periods.reduce((sum, { requests: counted }) => sum + (counted?.candidate ?? 0), 0);
  const few = requests < plan.minimumRequests;
  switch (judgement.verdict) {
    case 'roll back':
      return { status: 'FAILED', sentence: judgement.sentence };
    case 'advance-permitted':
      return few ? waits(plan, step, now, { sentence: fewText(plan, requests) }) : { status: 'SUCCEEDED', sentence: judgement.sentence };
    default:
      return waits(plan, step, now, {
        sentence: few ? fewText(plan, requests) : judgement.sentence,
        // Nothing speaks against the candidate, and it had its requests; there were too few for certainty.
        undecided: !few && judgement.verdict === 'hold' && judgement.reasons.every(({ kind }) => kind === 'uncertified'),
      });
  }
}

/** Once more, as long as the step may wait. Then only what is merely uncertain may go on: silence is never health. */
export function waits(
  plan: Pick<EvidenceHookPlan, 'waitSeconds' | 'inconclusive'>, { askedAt }: Pick<HookStep, 'askedAt'>, now: number,
  { sentence, undecided = false }: { readonly sentence: string; readonly undecided?: boolean },
): HookAnswer {
  if (now - askedAt < plan.waitSeconds * 1_000) {
    return { status: 'IN_PROGRESS', sentence };
  }
  return undecided && plan.inconclusive === 'advance'
    ? { status: 'SUCCEEDED', sentence: `not certain after ${plan.waitSeconds} s, and goes on: ${sentence}` }
    : { status: 'FAILED', sentence: `not certain after ${plan.waitSeconds} s: ${sentence}` };
}

function fewText({ minimumRequests }: EvidenceHookPlan, requests: number): string {
  return `the candidate had ${requests} requests of at least ${minimumRequests}`;
}

function guardrailsOf({ slowerThanSeconds }: EvidenceHookPlan): GuardrailPlan[] {
  return [
    { kind: 'counts', name: 'errors', outcomes: [{ label: 'errors' }, { label: 'connections that failed' }] },
    ...(slowerThanSeconds === undefined
      ? []
      : [{ kind: 'counts' as const, name: 'latency', outcomes: [{ label: `answers slower than ${slowerThanSeconds} s` }] }]),
  ];
}

/** Minutes in which neither had requests are left out; where only one had some, the other had none. */
function periodsOf(plan: EvidenceHookPlan, step: HookStep, series: SeriesByKey, time: StepTime): Period[] {
  const of = (source: MetricSource): Series => seriesAt(series, sourceKey(source));
  const [candidate, production] = [step.candidate, step.production].map((group) => new Side(sourcesOf(plan, group), of));
  const starts = [...new Set([...candidate.requests.keys(), ...production.requests.keys()])];
  return starts.filter((at) => at >= time.start && at + MINUTE_MS <= time.until).map((at): Period => {
    const measured = (counts: (side: Side) => OutcomeCounts): CountsMeasurement => ({
      kind: 'counts', candidate: counts(candidate), production: counts(production),
    });
    return {
      start: at, step: 0, share: step.share,
      requests: { candidate: candidate.requests.get(at) ?? 0, production: production.requests.get(at) ?? 0 },
      measurements: {
        errors: measured((side) => side.failures(at)),
        ...(plan.slowerThanSeconds === undefined ? {} : { latency: measured((side) => side.slowness(at)) }),
      },
    };
  });
}

/** What is counted behind one target group. A load balancer writes no zeros. */
class Side {
  readonly requests: Series;
  private readonly errors: Series;
  private readonly unreachable: Series;
  private readonly answers: Series;
  private readonly slow: Series | undefined;

  constructor({ requests, errors, unreachable, answers, slow }: ReturnType<typeof sourcesOf>, of: (source: MetricSource) => Series) {
    this.requests = of(requests);
    this.errors = of(errors);
    this.unreachable = of(unreachable);
    this.answers = of(answers);
    this.slow = slow && of(slow);
  }

  failures(at: number): OutcomeCounts {
    const total = this.requests.get(at) ?? 0;
    // A connection that failed is tried again at another target, so there may be more of them than requests.
    return { total, bad: [this.errors.get(at) ?? 0, Math.min(total, this.unreachable.get(at) ?? 0)] };
  }

  slowness(at: number): OutcomeCounts {
    return { total: this.answers.get(at) ?? 0, bad: [this.slow?.get(at) ?? 0] };
  }
}

