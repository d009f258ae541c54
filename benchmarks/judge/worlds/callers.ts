import type { CallerHistory } from '../../../lib/core/rollout/caller-history';
import { assignByCell, CALLER_CELLS } from '../../../lib/core/routing/assign-by-cell';
import { cellOf } from '../../../lib/core/counters/cells';
import { type Random, randomOf } from '../../../rehearsal/engine/random';
import { slowedBy, USUAL } from './latencies';
import type { Course, Kind, Slower, World } from './world';

/** Callers of whom each sticks to a version. */
export interface Callers {
  /** Requests per second. */
  readonly rate: number;
  readonly callers?: number;
  /** Of Zipf's law of how much each sends. */
  readonly exponent?: number;
  /**
   * `broken`: one in twenty fails 5 to 20 % of its requests, and the 61st all of them. `mild`: failure rates differ by half. `equal`: they
   * do not. `one`: all alike, but one that fails always.
   */
  readonly kind: 'broken' | 'mild' | 'equal' | 'one';
  /** How much the latencies of callers differ, standard deviation of the logarithm. */
  readonly latency?: number;
  /** How much the failure rate of each moves from one day to the next, and within some hours, standard deviation of the logarithm. */
  readonly overnight?: number;
  readonly hourly?: number;
  /** What all requests fail besides, whoever sends them, in some hours of the day before, and in the rollout. */
  readonly outageBefore?: number;
  readonly outageNow?: number;
  /** Times as slow as the day before, whoever answers whom. */
  readonly slowNow?: number;
  /** What the candidate makes of a failure rate and of latencies. */
  readonly worse?: (rate: number) => number;
  readonly slower?: number;
}

interface Caller {
  readonly weight: number;
  readonly failing: number;
  readonly slowness: number;
  readonly cell: number;
  readonly key: string;
}

/** A course of a world whose callers stick: it knows what each cell did before. */
export interface CallersCourse extends Course {
  callerHistory(thresholds: readonly number[]): readonly CallerHistory[];
}

const SCOPE = 'fraud/live';
const HOURS = 24;

export function callers({
  rate,
  callers: count = 500,
  exponent = 1.1,
  kind,
  latency = 0.25,
  overnight = 0,
  hourly = 0,
  outageBefore = 0,
  outageNow = 0,
  slowNow = 1,
  worse = (failing) => failing,
  slower = 1,
}: Callers): World {
  const population = populationOf(count, exponent, kind, latency);
  return {
    sticks: true,
    start: (random): CallersCourse => {
      const name = String(random.uniform());
      const placed = population.map((caller, rank): Caller => ({
        ...caller,
        key: `${name}-${rank}`,
        cell: cellOf(SCOPE, `${name}-${rank}`, CALLER_CELLS),
      }));
      const moved = (spread: number): number[] =>
        placed.map(() => (spread === 0 ? 1 : Math.exp(spread * random.normal() - spread ** 2 / 2)));
      const nights = moved(overnight);
      const now = placed.map((caller, index) => ({ ...caller, failing: Math.min(1, caller.failing * nights[index]) }));
      const sides = new Map<number, { readonly candidate: Part; readonly production: Part }>();
      const all = partOf(placed, 0);
      let [hour, factors] = [-1, moved(0)];
      const at = (minute: number, share: number): { readonly candidate: Part; readonly production: Part } => {
        if (hourly > 0 && Math.floor(minute / 60) !== hour) {
          [hour, factors] = [Math.floor(minute / 60), moved(hourly)];
          sides.clear();
        }
        let known = sides.get(share);
        if (known === undefined) {
          const pair = { production: { version: 'v1', weight: 1 - share }, candidate: { version: 'v2', weight: share } };
          const isMine = ({ key }: Caller): boolean => assignByCell(SCOPE, key, pair) === pair.candidate;
          const today = now.map((caller, index) => ({
            ...caller,
            failing: Math.min(1, caller.failing * factors[index]),
            slowness: caller.slowness * slowNow,
          }));
          sides.set(
            share,
            (known = {
              candidate: partOf(
                today
                  .filter(isMine)
                  .map((caller) => ({ ...caller, failing: Math.min(1, worse(caller.failing)), slowness: caller.slowness * slower })),
                outageNow,
              ),
              production: partOf(
                today.filter((caller) => !isMine(caller)),
                outageNow,
              ),
            }),
          );
        }
        return known;
      };
      const kinds = ({ weight, failing, slower: of }: Part): Kind[] => [
        { requests: random.poisson(60 * rate * weight), failing, slower: of },
      ];
      return {
        history: () => kinds(all),
        minute: (minute, share) => {
          const { candidate, production } = at(minute, share);
          return { candidate: kinds(candidate), production: kinds(production) };
        },
        callerHistory: (thresholds) =>
          historyOf(placed, random, rate, thresholds, (hourOfDay) => ({
            factors: moved(hourly),
            outage: hourOfDay < 3 ? outageBefore : 0,
          })),
      };
    },
  };
}

function populationOf(count: number, exponent: number, kind: Callers['kind'], latency: number): Omit<Caller, 'cell' | 'key'>[] {
  const random = randomOf(99);
  const weights = Array.from({ length: count }, (_, rank) => (rank + 1) ** -exponent);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const failing = (rank: number): number => {
    switch (kind) {
      case 'equal': return 0.01;
      case 'mild': return Math.min(0.5, 0.01 * Math.exp(0.5 * random.normal() - 0.125));
      case 'one': return rank === 60 ? 1 : 0.01;
      case 'broken': {
        const usual = random.uniform() < 0.05 ? 0.05 + 0.15 * random.uniform() : 0.003;
        return rank === 60 ? 1 : usual;
      }
    }
  };
  return weights.map((weight, rank) => ({ weight: weight / total, failing: failing(rank), slowness: Math.exp(latency * random.normal()) }));
}

/** Callers together: as long as each sends by itself, no more than their means is seen of them. */
interface Part {
  readonly weight: number;
  readonly failing: number;
  readonly slower: Slower;
}

function partOf(callers: readonly Omit<Caller, 'cell' | 'key'>[], outage: number): Part {
  const weight = callers.reduce((sum, caller) => sum + caller.weight, 0);
  const mean = (of: (caller: Omit<Caller, 'cell' | 'key'>) => number): number =>
    weight === 0 ? 0 : callers.reduce((sum, caller) => sum + caller.weight * of(caller), 0) / weight;
  const known = new Map<number, number>();
  return {
    weight,
    failing: mean(({ failing }) => failing + (1 - failing) * outage),
    slower: (ms) => {
      let part = known.get(ms);
      if (part === undefined) {
        known.set(ms, part = mean(({ slowness }) => slowedBy(slowness, USUAL)(ms)));
      }
      return part;
    },
  };
}

function historyOf(
  callers: readonly Caller[],
  random: Random,
  rate: number,
  thresholds: readonly number[],
  hourAt: (hour: number) => { readonly factors: readonly number[]; readonly outage: number },
): readonly CallerHistory[] {
  const cells = Array.from({ length: CALLER_CELLS }, (_, cell) =>
    callers.flatMap((caller, index) => (caller.cell === cell ? [{ caller, index }] : [])),
  );
  const slow = cells.map((members) =>
    partOf(
      members.map(({ caller }) => caller),
      0,
    ),
  );
  const hours = Array.from({ length: HOURS }, (_, hour) => {
    const { factors, outage } = hourAt(hour);
    return cells.map((members, cell) => {
      const { failing } = partOf(
        members.map(({ caller, index }) => ({ ...caller, failing: Math.min(1, caller.failing * factors[index]) })),
        outage,
      );
      const total = random.poisson(3_600 * rate * slow[cell].weight);
      return { total, bad: [failing, ...thresholds.map((ms) => slow[cell].slower(ms))].map((part) => random.binomial(total, part)) };
    });
  });
  return [0, ...thresholds.map((_, index) => index + 1)].map((outcome) => ({
    form: outcome === 0 ? 'rate' : 'odds',
    blocks: hours.map((hour) => hour.map(({ total, bad }) => ({ total, bad: bad[outcome] }))),
  }));
}
