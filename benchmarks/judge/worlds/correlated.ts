import type { Random } from '../../../rehearsal/engine/random';
import { slowedBy, USUAL } from './latencies';
import { type Kind, wander, type World } from './world';

/** Instances that now and then fail a part of their requests for some minutes, each on average once in `everyHours`. */
export function hiccups({
  rate,
  perInstance = 5,
  everyHours = 12,
  minutes = [2, 5],
  depth = 0.3,
  failing = 0.01,
  worse = failing,
}: {
  readonly rate: number;
  readonly perInstance?: number;
  readonly everyHours?: number;
  readonly minutes?: readonly [number, number];
  readonly depth?: number;
  readonly failing?: number;
  /** What the candidate fails besides. */
  readonly worse?: number;
}): World {
  return {
    start: (random) => {
      const [production, candidate] = [new Fleet(random, everyHours, minutes), new Fleet(random, everyHours, minutes)];
      const kinds = (fleet: Fleet, perSecond: number, minute: number, usual = failing): Kind[] => {
        const sick = fleet.sickAt(minute, Math.max(1, Math.ceil(perSecond / perInstance)));
        return [
          { requests: random.poisson(60 * perSecond * (1 - sick)), failing: usual, slower: USUAL },
          { requests: random.poisson(60 * perSecond * sick), failing: depth, slower: USUAL },
        ];
      };
      return {
        history: (minute) => kinds(production, rate, minute),
        minute: (minute, share) => ({
          candidate: kinds(candidate, rate * share, minute, worse),
          production: kinds(production, rate * (1 - share), minute),
        }),
      };
    },
  };
}

class Fleet {
  private readonly sickUntil: number[] = [];

  constructor(private readonly random: Random, private readonly everyHours: number, private readonly minutes: readonly [number, number]) {}

  /** Part of the instances that are sick. */
  sickAt(minute: number, instances: number): number {
    const { random, minutes: [least, most] } = this;
    let sick = 0;
    for (let i = 0; i < instances; i++) {
      if ((this.sickUntil[i] ?? -Infinity) < minute && random.uniform() < 1 / (60 * this.everyHours)) {
        this.sickUntil[i] = minute + least + Math.floor((most - least + 1) * random.uniform()) - 1;
      }
      sick += Number((this.sickUntil[i] ?? -Infinity) >= minute);
    }
    return sick / instances;
  }
}

/** Failures in clusters of 1 to 5 of one version, and as many in production's history or none. */
export function clusters({ rate, inHistory }: { readonly rate: number; readonly inHistory: boolean }): World {
  return {
    start: (random) => {
      const failures = (requests: number, clustered: boolean): number => {
        if (!clustered) {
          return random.binomial(requests, 0.01);
        }
        let bad = 0;
        for (let left = random.poisson(requests * 0.01 / 3); left > 0; left--) {
          bad += 1 + Math.floor(5 * random.uniform());
        }
        return Math.min(requests, bad);
      };
      const kind = (requests: number, clustered: boolean): Kind[] => [
        { requests, failing: 0.01, failures: failures(requests, clustered), slower: USUAL },
      ];
      return {
        history: () => kind(random.poisson(60 * rate), inHistory),
        minute: (_, share) => ({
          candidate: kind(random.poisson(60 * rate * share), true),
          production: kind(random.poisson(60 * rate * (1 - share)), true),
        }),
      };
    },
  };
}

/** Forty failures at once, every two hours, all of them at one version. */
export function bursts({
  rate,
  size = 40,
  everyMinutes = 120,
}: {
  readonly rate: number;
  readonly size?: number;
  readonly everyMinutes?: number;
}): World {
  return {
    start: (random) => {
      const kinds = (requests: number, burst: number): Kind[] => [
        { requests, failing: 0.01, slower: USUAL },
        { requests: burst, failing: 1, slower: USUAL },
      ];
      const burst = (): number => (random.uniform() < 1 / everyMinutes ? size : 0);
      return {
        history: () => kinds(random.poisson(60 * rate), burst()),
        minute: (_, share) => {
          const now = burst();
          const there = random.uniform() < share;
          return {
            candidate: kinds(random.poisson(60 * rate * share), there ? now : 0),
            production: kinds(random.poisson(60 * rate * (1 - share)), there ? 0 : now),
          };
        },
      };
    },
  };
}

/** Callers that try a request that always fails three times more: each try is assigned by itself. */
export function retries({ rate, times = 3 }: { readonly rate: number; readonly times?: number }): World {
  return {
    start: (random) => {
      const kinds = (requests: number, failed: number): Kind[] => [
        { requests, failing: 0, slower: USUAL },
        { requests: failed, failing: 1, slower: USUAL },
      ];
      const failed = (): number => random.poisson(60 * rate * 0.01 / (1 + times)) * (1 + times);
      return {
        history: () => kinds(random.poisson(60 * rate * 0.99), failed()),
        minute: (_, share) => {
          const all = failed();
          const there = random.binomial(all, share);
          return {
            candidate: kinds(random.poisson(60 * rate * 0.99 * share), there),
            production: kinds(random.poisson(60 * rate * 0.99 * (1 - share)), all - there),
          };
        },
      };
    },
  };
}

/**
 * Failure rates and latencies of each version that wander by themselves, over some ten minutes; standard deviations of their logarithms.
 */
export function wandering({
  rate,
  failures = 0,
  latency = 0,
  together = false,
  worse = 1,
  slower = 1,
}: {
  readonly rate: number;
  readonly failures?: number;
  readonly latency?: number;
  readonly together?: boolean;
  readonly worse?: number;
  readonly slower?: number;
}): World {
  return {
    start: (random) => {
      const noise = (): { readonly failures: () => number; readonly latency: () => number } => ({
        failures: wander(random, 10),
        latency: wander(random, 10),
      });
      const [production, candidate] = [noise(), noise()];
      const kind = (requests: number, f: number, l: number, times = 1, longer = 1): Kind[] => [
        {
          requests,
          failing: Math.min(1, 0.01 * times * Math.exp(failures * f - (failures * failures) / 2)),
          slower: latency === 0 ? USUAL : slowedBy(longer * Math.exp(latency * l), USUAL),
        },
      ];
      return {
        history: () => kind(random.poisson(60 * rate), production.failures(), production.latency()),
        minute: (_, share) => {
          const [f, l] = [production.failures(), production.latency()];
          const [cf, cl] = together ? [f, l] : [candidate.failures(), candidate.latency()];
          return {
            candidate: kind(random.poisson(60 * rate * share), cf, cl, worse, slower),
            production: kind(random.poisson(60 * rate * (1 - share)), f, l),
          };
        },
      };
    },
  };
}
