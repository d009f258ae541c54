import { mixed, logNormal, slowedBy, USUAL } from './latencies';
import { DAY, type Kind, type Slower, type World } from './world';

/**
 * Day and night, and deployments of others every three hours that quadruple failures for a quarter of an hour: both versions meet the same.
 */
export function dayAndNight({ rate, night = 0.02 }: { readonly rate: number; readonly night?: number }): World {
  return {
    start: (random) => {
      const phase = DAY * random.uniform();
      const level = (minute: number): number => {
        const hour = ((((minute + phase) % DAY) + DAY) % DAY) / DAY;
        return night + (1 - night) * (0.5 + 0.5 * Math.cos(2 * Math.PI * (hour - 0.58))) ** 2;
      };
      let [until, last, sick] = [-Infinity, -Infinity, false];
      const disturbed = (minute: number): boolean => {
        if (minute !== last) {
          last = minute;
          until = minute > until && random.uniform() < 1 / 180 ? minute + 15 : until;
          sick = minute <= until;
        }
        return sick;
      };
      const kind = (minute: number, share: number): Kind[] => {
        const [bad, now] = [disturbed(minute), level(minute)];
        return [
          {
            requests: random.poisson(60 * rate * now * share),
            failing: 0.01 * (bad ? 4 : 1) * (1.3 - 0.6 * now),
            slower: slowedBy((0.7 + 0.6 * now) * (bad ? 1.6 : 1), USUAL),
          },
        ];
      };
      return {
        history: (minute) => kind(minute, 1),
        minute: (minute, share) => ({ candidate: kind(minute, share), production: kind(minute, 1 - share) }),
      };
    },
  };
}

/** Five times the traffic, twice the latency and six times the failures of the day before. */
export function blackFriday({ rate }: { readonly rate: number }): World {
  return {
    start: (random) => ({
      history: () => [{ requests: random.poisson(60 * rate), failing: 0.005, slower: USUAL }],
      minute: (minute, share) => {
        const kind = (part: number): Kind[] => [
          {
            requests: random.poisson(60 * rate * (5 + 3 * Math.sin(minute / 7)) * part),
            failing: 0.03 * (1 + 0.8 * Math.sin(minute / 5)),
            slower: slowedBy(2 + Math.sin(minute / 11), USUAL),
          },
        ];
        return { candidate: kind(share), production: kind(1 - share) };
      },
    }),
  };
}

/** A cache that the candidate has to fill with so many requests, and whose hit rate stays lower by `lasting` at small shares. */
export function coldCache({
  rate,
  warmRequests,
  lasting = 0,
}: {
  readonly rate: number;
  readonly warmRequests: number;
  readonly lasting?: number;
}): World {
  const [hit, miss] = [logNormal(40, 90), logNormal(200, 500)];
  const of = (rateOfHits: number): Slower => mixed([rateOfHits, hit], [1 - rateOfHits, miss]);
  const production = of(0.8);
  return {
    start: (random) => {
      let served = 0;
      return {
        history: () => [{ requests: random.poisson(60 * rate), failing: 0.01, slower: production }],
        minute: (_, share) => {
          const requests = random.poisson(60 * rate * share);
          served += requests;
          const hits = 0.8 * (1 - Math.exp(-served / warmRequests)) - lasting * (1 - share);
          return {
            candidate: [{ requests, failing: 0.01, slower: of(Math.max(0, hits)) }],
            production: [{ requests: random.poisson(60 * rate * (1 - share)), failing: 0.01, slower: production }],
          };
        },
      };
    },
  };
}
