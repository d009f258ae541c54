import { environmentsOf } from '../engine/environments';
import { randomOf } from '../engine/random';
import type { Run } from '../engine/run';
import { RequestWorld } from '../engine/request-world';
import { arrivalsOf, startOf, trafficOf } from '../engine/traffic';
import { NO_LIMITS } from '../engine/version-latencies';
import { isUnreadable, isWorse, type Scenario } from '../../lib/core/rehearsal/scenario';
import type { Peer, PeerMinute } from './peer';

const MINUTE_MS = 60_000;
/** Sets what a peer draws apart from what a plan draws of the same seed. */
const PEER = 0x3c6ef372;
/** No peer goes on for longer. */
const LONGEST_MINUTES = 7 * 24 * 60;

/**
 * A rollout of a scenario under a peer's rules, on the traffic that a plan's rehearsal of the same seed gets: the same requests at the
 * same times, of which the same would fail. A candidate's failure is the caller's: no production answers in its place.
 *
 * @param periodMs of the plan's rehearsal
 */
export function rehearsePeer(peer: Peer, scenario: Scenario, seed: number, periodMs: number): Run {
  const startedAt = startOf(scenario, randomOf(seed));
  const random = randomOf(seed ^ PEER);
  const { traffic, latencies } = trafficOf(scenario, seed, startedAt, random);
  const { environments } = scenario;
  const arrivals = arrivalsOf(seed);
  const world =
    environments &&
    new RequestWorld(scenario, startedAt, periodMs, {
      traffic,
      latencies,
      servers: environmentsOf(environments, arrivals, random),
      limits: NO_LIMITS,
      arrivals,
      routing: random,
    });
  const requests = world ?? traffic;
  const rollout = peer.start(random);
  const start = Math.ceil(startedAt / MINUTE_MS) * MINUTE_MS;
  const delayMs = peer.cloudWatch ? scenario.metricDelaySeconds * 1_000 : 0;
  // What comes before the first whole minute is production's.
  for (let from = world?.begins ?? Math.floor(startedAt / periodMs) * periodMs; from < start; from += periodMs) {
    requests.draw(from, periodMs, 0);
  }
  const totals = { candidateRequests: 0, candidateFailures: 0, excessFailures: 0, excessWrong: 0 };
  const onset = startedAt + scenario.candidate.onsetMinute * MINUTE_MS;
  const measured: PeerMinute[] = [];
  let known = 0;
  for (let minute = 0; minute < LONGEST_MINUTES; minute++) {
    const now = start + minute * MINUTE_MS;
    const seen: PeerMinute[] = [];
    const blind = peer.cloudWatch && isUnreadable(scenario, (now - startedAt) / MINUTE_MS);
    while (!blind && known < minute && start + (known + 1) * MINUTE_MS + delayMs <= now) {
      seen.push(measured[known++]);
    }
    const { percent, verdict, sentence = '' } = rollout.at(minute, seen);
    if (verdict !== undefined) {
      const since = Math.max(start, onset);
      return {
        verdict, sentence, gist: verdict, seconds: (now - start) / 1_000, ...totals, answered: true, shares: [],
        ...(verdict === 'rolled back' && isWorse(scenario) && now >= since ? { detectionSeconds: (now - since) / 1_000 } : {}),
      };
    }
    const counts = { candidateRequests: 0, candidateFailures: 0, productionRequests: 0, productionFailures: 0 };
    for (let from = now; from < now + MINUTE_MS; from += periodMs) {
      const drawn = requests.draw(from, periodMs, percent / 100);
      counts.candidateRequests += drawn.candidateRequests;
      counts.candidateFailures += drawn.candidateFailures;
      counts.productionRequests += drawn.productionRequests;
      counts.productionFailures += drawn.productionFailures;
      totals.excessFailures += drawn.candidateFailures - drawn.candidateRequests * traffic.usualRateAt(from);
    }
    totals.candidateRequests += counts.candidateRequests;
    totals.candidateFailures += counts.candidateFailures;
    const end = now + MINUTE_MS;
    totals.excessWrong +=
      end > onset
        ? (counts.candidateRequests - counts.candidateFailures) * Math.max(0, scenario.production.accuracy - scenario.candidate.accuracy)
        : 0;
    const p99 = (side: 'candidate' | 'production', count: number): number =>
      count === 0 ? NaN : (world?.observed(side, now, MINUTE_MS) ?? latencies.at(side, end)).statistic('p99', count, random);
    measured.push({
      ...counts,
      candidateP99Ms: p99('candidate', counts.candidateRequests),
      productionP99Ms: (count) => p99('production', count),
    });
  }
  throw new Error(`${peer.name} does not come to an end`);
}
