import type { MetricPairPlan } from '../guardrails/metric';
import { type MetricSource, sourceKey } from '../guardrails/sources';
import { judge } from '../judge/judge';
import type { Period } from '../judge/period';
import { UNCHECKED_SPLIT } from '../judge/plan';
import { CLIP } from '../rollout/judge-rollout';
import { type Series, seriesAt, type SeriesByKey } from '../rollout/series';

/** What an alarm on evidence is made of, as the construct gives it to its function. */
export interface EvidenceAlarmPlan {
  readonly schema: 1;
  /** Dimension of the metric that is published. */
  readonly name: string;
  /** What a bad outcome is. */
  readonly label: string;
  readonly candidate: MetricPairPlan;
  /** Candidate and production together: services have no name for the rest. */
  readonly whole: MetricPairPlan;
  readonly alpha: number;
  /** How far back is read: no deployment takes longer. */
  readonly lookbackMinutes: number;
}

/** What the evidence says. */
export interface AlarmEvidence {
  /** Nats; the highest of the deployment. */
  readonly logEvidence: number;
  readonly sentence: string;
}

const MINUTE_MS = 60_000;
/** Services' counts of a minute are whole some two minutes later. */
const DELAY_MS = 120_000;
const GUARDRAIL = 'outcomes';

interface AlarmTime {
  readonly start: number;
  readonly until: number;
  readonly periodSeconds: 60;
}

/** The minutes that are read, epoch milliseconds. */
export function alarmTime({ lookbackMinutes }: EvidenceAlarmPlan, now: number): AlarmTime {
  const until = Math.floor((now - DELAY_MS) / MINUTE_MS) * MINUTE_MS;
  return { start: until - lookbackMinutes * MINUTE_MS, until, periodSeconds: 60 };
}

/** Everything that is read. */
export function alarmSources({ candidate, whole }: EvidenceAlarmPlan): MetricSource[] {
  return [candidate.total, candidate.bad, whole.total, whole.bad];
}

/**
 * What the evidence says against the candidate, from its first minute on; undefined before that, and where counts cannot be true: an alarm
 * that goes off by mistake ends a deployment. A pure function of its arguments.
 */
export function alarmEvidence(plan: EvidenceAlarmPlan, series: SeriesByKey, now: number): AlarmEvidence | undefined {
  const of = (source: MetricSource): Series => seriesAt(series, sourceKey(source));
  const [total, bad, wholeTotal, wholeBad] = alarmSources(plan).map(of);
  const { until } = alarmTime(plan, now);
  const minutes = [...total.keys()].filter((at) => (total.get(at) ?? 0) > 0 && at + MINUTE_MS <= until).sort((a, b) => a - b);
  if (minutes.length === 0) {
    return undefined;
  }
  const periods = minutes.map((at): Period => {
    const candidate = { total: total.get(at)!, bad: [bad.get(at) ?? 0] };
    // Counts of one minute are written at different times: what is negative will be something else soon.
    const rest = (all: number | undefined, part: number): number => Math.max(0, (all ?? 0) - part);
    const production = { total: rest(wholeTotal.get(at), candidate.total), bad: [rest(wholeBad.get(at), candidate.bad[0])] };
    return {
      start: at, step: 0, requests: { candidate: candidate.total, production: production.total },
      measurements: { [GUARDRAIL]: { kind: 'counts', candidate, production } },
    };
  });
  const judgement = judge(
    {
      start: minutes[0], periodMs: MINUTE_MS, plannedPeriods: plan.lookbackMinutes, clip: CLIP, minimumPeriods: 1, alpha: plan.alpha,
      sampleRatio: UNCHECKED_SPLIT,
      guardrails: [{ kind: 'counts', name: GUARDRAIL, outcomes: [{ label: plan.label }] }],
    },
    periods,
    { step: 0, closedUntil: until },
  );
  return judgement.verdict === 'invalid' ? undefined : { logEvidence: judgement.highestLogEvidence, sentence: judgement.sentence };
}
