import { type Expectations, isWorse, type Scenario } from '../../lib/core/rehearsal/scenario';
import { proportion, type Proportion, quantile } from '../statistics';

/** Something that rehearsals of a scenario had to show, and what they showed. */
export interface Requirement {
  readonly requirement: 'falseRollbackRate' | 'missRate' | 'detectWithin' | 'maxBadResponses' | 'base';
  /** What was seen: a part of the rollouts, 0 to 1, minutes, or requests; null: never. */
  readonly value: number | null;
  readonly limit: number;
  readonly met: boolean;
  /** As people say it. */
  readonly sentence: string;
}

/** What requirements are held against. */
export interface Seen {
  readonly falseRollback: Proportion;
  readonly miss?: Proportion;
  /** Of rollouts that rolled the worse candidate back for it. */
  readonly detections: readonly number[];
  /** Rollouts in which nothing found the worse candidate, for as long as it had requests. */
  readonly undetected: number;
  /** Mean of a rollout. */
  readonly badResponses: number;
  /** Mean of answers that are wrong where production is right. */
  readonly wrongResponses?: number;
}

/** The part of the rollouts that must detect in time. */
const IN_TIME = 0.95;

/**
 * A probability is held against the limit of its interval that speaks for the plan: what chance alone explains is no failure. What
 * only a worse candidate can miss is required of those.
 */
export function requirementsOf(scenario: Scenario, seen: Seen): Requirement[] {
  const { falseRollbackRate, missRate, detectWithinMinutes, maxBadResponses } = scenario.expect ?? {};
  return [
    ...atMost('falseRollbackRate', 'rolled back without cause', seen.falseRollback, falseRollbackRate),
    ...atMost('missRate', 'promoted although worse', seen.miss, missRate),
    ...(isWorse(scenario) ? [...inTime(seen, detectWithinMinutes), ...fewFailures(seen, maxBadResponses)] : []),
  ];
}

function atMost(
  requirement: 'falseRollbackRate' | 'missRate',
  what: string,
  seen: Proportion | undefined,
  limit: Expectations['missRate'],
): Requirement[] {
  if (seen === undefined || limit === undefined) {
    return [];
  }
  const met = !(seen.low > limit);
  const least = met ? '' : ` (at least ${percent(seen.low)})`;
  return [
    {
      requirement,
      value: seen.estimate,
      limit,
      met,
      sentence: `${requirement}: ${what}: ${percent(seen.estimate)} of ${seen.of} rollouts${least}, expected at most ${percent(limit)}`,
    },
  ];
}

/** What was seen with the plan before a change. */
export interface SeenBefore extends Pick<Seen, 'falseRollback' | 'miss'> {
  readonly runs: number;
  readonly verdicts: { readonly promoted?: number };
}

/**
 * A change must not make a plan worse: roll more good candidates back, promote more bad ones, or promote fewer good ones. What chance alone
 * explains is no change: intervals have to be apart.
 */
export function noWorse(now: SeenBefore, before: SeenBefore): Requirement[] {
  const kept = ({ verdicts, runs }: SeenBefore): Proportion => proportion(runs - (verdicts.promoted ?? 0), runs);
  const compared: [string, Proportion | undefined, Proportion | undefined][] = [
    ['rolled back without cause', now.falseRollback, before.falseRollback],
    ['promoted although worse', now.miss, before.miss],
    ...(now.miss === undefined ? [['not promoted although as good', kept(now), kept(before)] as [string, Proportion, Proportion]] : []),
  ];
  return compared.flatMap(([what, seen, was]): Requirement[] => {
    if (seen === undefined || was === undefined) {
      return [];
    }
    const met = !(seen.low > was.high);
    const bounds = met ? '' : ` (at least ${percent(seen.low)})`;
    return [
      {
        requirement: 'base',
        value: seen.estimate,
        limit: was.high,
        met,
        sentence: `base: ${what}: ${percent(seen.estimate)} of ${seen.of} rollouts${bounds}, before the change `
          + `${percent(was.estimate)} (at most ${percent(was.high)})`,
      },
    ];
  });
}

function inTime({ detections, undetected }: Seen, limit: number | undefined): Requirement[] {
  const times = [...detections.map((seconds) => seconds / 60), ...Array.from({ length: undetected }, () => Infinity)];
  if (limit === undefined || times.length === 0) {
    return [];
  }
  const late = proportion(times.filter((minutes) => minutes > limit).length, times.length);
  const value = quantile(times, IN_TIME)!;
  const seen = value === Infinity
    ? `${percent(late.estimate)} of ${late.of} rollouts did not roll the worse candidate back within`
    : `95 % of ${late.of} rollouts rolled the worse candidate back within ${Number(value.toFixed(1))} min, expected`;
  return [
    {
      requirement: 'detectWithin',
      value: value === Infinity ? null : value,
      limit,
      met: !(late.low > 1 - IN_TIME),
      sentence: `detectWithin: ${seen} ${limit} min`,
    },
  ];
}

function fewFailures({ badResponses, wrongResponses }: Seen, limit: number | undefined): Requirement[] {
  const bad = badResponses + (wrongResponses ?? 0);
  const how =
    wrongResponses === undefined
      ? 'failed at the candidate of a rollout'
      : 'failed at the candidate of a rollout, or were answered wrong where production is right,';
  return limit === undefined ? [] : [{
    requirement: 'maxBadResponses', value: bad, limit, met: !(bad > limit),
    sentence: `maxBadResponses: ${Number(bad.toFixed(1))} requests ${how} on average, expected at most ${limit}`,
  }];
}

/** With more digits than reports have: limits may be small. */
function percent(part: number): string {
  return `${Number((100 * part).toPrecision(3))} %`;
}
