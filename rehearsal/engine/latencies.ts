import type { Scenario } from '../scenario/scenario';
import type { Side } from './alarm-definition';
import { LatencyDistribution } from './latency-distribution';

/** What the answers of a version take in a period that ends then: the candidate is as production until it regresses. */
export function latenciesOf({ production, candidate }: Scenario, startedAt: number): (side: Side, end: number) => LatencyDistribution {
  const usual = new LatencyDistribution(production.latency);
  const regressed = new LatencyDistribution(candidate.latency, candidate.tail);
  const onset = startedAt + candidate.onsetMinute * 60_000;
  return (side, end) => (side === 'candidate' && end > onset ? regressed : usual);
}
