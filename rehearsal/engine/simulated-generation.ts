import { FinishReason } from '../../lib/core/generation/finish-reason';
import { finishedMetric } from '../../lib/core/names';
import { addend, type SumMeasure, type Timing } from '../../lib/core/routing/measures';
import type { Side } from '../assembly/alarm-definition';
import type { Behaviour, Candidate, Latency } from '../../lib/core/rehearsal/scenario';
import { LatencyDistribution } from './latency-distribution';
import type { Random } from './random';

/** Of how many equally likely answers mean and variance of a sum are taken: inexact by less than a thousandth. */
const POINTS = 64;

/** How long a time of a version's answers is. */
export function timeOf({ latency, generation: { firstToken, perToken } }: Behaviour, timing: Timing): Latency {
  return { 'answer': latency, 'first-token': firstToken, 'token': perToken }[timing];
}

/** How long a time of a version's answers is, of a candidate's with the tail that it has. */
export function timesOf(behaviour: Behaviour | Candidate, timing: Timing): LatencyDistribution {
  return new LatencyDistribution(timeOf(behaviour, timing), 'tail' in behaviour ? behaviour.tail : undefined);
}

/** How many tokens a version's requests or answers have: as times, log-normal. */
export function tokensOf({ generation: { tokensIn, tokensOut } }: Behaviour, side: 'in' | 'out'): LatencyDistribution {
  const { median, p99 } = side === 'in' ? tokensIn : tokensOut;
  return new LatencyDistribution({ medianMs: median, p99Ms: p99 });
}

/** How many of `count` answers ended for each reason, by the metric. */
export function drawReasons({ generation }: Behaviour, count: number, random: Random): ReadonlyMap<string, number> {
  const { cutOff, filtered, toolCalls } = generation;
  const parts: readonly [FinishReason, number][] = [
    [FinishReason.LENGTH, cutOff], [FinishReason.FILTER, filtered], [FinishReason.TOOL, toolCalls], [FinishReason.OTHER, 0],
  ];
  let [left, rest] = [count, 1];
  const drawn = parts.map(([reason, part]): [string, number] => {
    const ended = rest <= 0 ? 0 : random.binomial(left, Math.min(1, part / rest));
    left -= ended;
    rest -= part;
    return [finishedMetric(reason), ended];
  });
  return new Map([...drawn, [finishedMetric(FinishReason.STOP), left]]);
}

/** A sum over `count` answers: normal, by mean and variance of one. Whether a long request has a long answer does not hang together. */
export function drawSum(
  behaviour: Behaviour, { sum, side, count }: { readonly sum: SumMeasure; readonly side: Side; readonly count: number }, random: Random,
): number {
  const quantiles = (of: 'in' | 'out'): number[] => {
    const tokens = tokensOf(behaviour, of);
    return Array.from({ length: POINTS }, (_, point) => tokens.quantile((point + 0.5) / POINTS));
  };
  const [given, out] = [quantiles('in'), quantiles('out')];
  // Each length of a request meets another length of an answer: 37 and 64 have no common factor.
  const values = given.map((tokens, point) => addend(sum, side, { in: tokens, out: out[(37 * point) % POINTS] }));
  const mean = values.reduce((all, value) => all + value, 0) / POINTS;
  const variance = values.reduce((all, value) => all + (value - mean) ** 2, 0) / POINTS;
  return Math.min(count * sum.atMost, Math.max(0, count * mean + Math.sqrt(count * variance) * random.normal()));
}
