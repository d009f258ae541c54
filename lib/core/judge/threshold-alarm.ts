import { logGamma } from './special-functions';

/** A CloudWatch alarm on the candidate's error rate. */
export interface ThresholdAlarm {
  /** Error rate above which a period breaches, in (0, 1). */
  readonly threshold: number;
  /** M: periods that must breach ... */
  readonly datapointsToAlarm: number;
  /** N: ... among this many latest ones; at most 16. */
  readonly evaluationPeriods: number;
  /** A period with fewer requests does not breach. @default 0 */
  readonly minimumRequests?: number;
}

/**
 * The chance that a threshold alarm fires at least once in `periods` periods while the candidate fails at `errorRate`: for
 * production's own rate the chance of a false rollback, for a regression's rate 1 less the chance of a miss. Exact for Poisson
 * traffic of `requestsPerPeriod` on average; a period without requests does not breach.
 *
 * @see docs/how-it-decides.md 1 and 2.10, what fixed thresholds do
 */
export function alarmProbability(alarm: ThresholdAlarm, requestsPerPeriod: number, errorRate: number, periods: number): number {
  const { datapointsToAlarm, evaluationPeriods } = alarm;
  const breach = breachProbability(alarm, requestsPerPeriod, errorRate);
  // State: which of the last N - 1 periods breached, as bits; what has fired is passed on no more.
  const states = 1 << (evaluationPeriods - 1);
  let alive = new Float64Array(states);
  alive[0] = 1;
  for (let period = 0; period < periods; period++) {
    const next = new Float64Array(states);
    for (let state = 0; state < states; state++) {
      for (const [bit, chance] of [[0, 1 - breach], [1, breach]]) {
        const window = (state << 1) | bit;
        if (bitCount(window) < datapointsToAlarm) {
          next[window & (states - 1)] += alive[state] * chance;
        }
      }
    }
    alive = next;
  }
  return Math.min(1, Math.max(0, 1 - alive.reduce((sum, mass) => sum + mass, 0)));
}

/** Chance that errors exceed the threshold in a period: errors and successes are independent Poisson counts. */
function breachProbability({ threshold, minimumRequests = 0 }: ThresholdAlarm, requests: number, errorRate: number): number {
  const errors = poisson(requests * errorRate);
  const successes = poisson(requests * (1 - errorRate));
  const sums = new Float64Array(successes.masses.length + 1);
  successes.masses.forEach((mass, i) => {
    sums[i + 1] = sums[i] + mass;
  });
  const below = (count: number): number => sums[Math.min(Math.max(Math.ceil(count) - successes.first, 0), sums.length - 1)];
  let breach = 0;
  errors.masses.forEach((mass, i) => {
    const bad = errors.first + i;
    // bad / (bad + good) > threshold, with room for rounding where both sides are meant to be equal.
    const limit = bad * (1 - threshold) / threshold - 1e-9 * bad;
    breach += mass * Math.max(0, below(limit) - below(minimumRequests - bad));
  });
  return Math.min(1, breach);
}

/** The Poisson probabilities within twelve standard deviations of the mean; what lies outside is below the last digit. */
function poisson(mean: number): { readonly first: number; readonly masses: Float64Array } {
  const reach = 12 * Math.sqrt(mean) + 20;
  const first = Math.max(0, Math.floor(mean - reach));
  const masses = new Float64Array(Math.ceil(mean + reach) - first + 1);
  for (let i = 0; i < masses.length; i++) {
    const count = first + i;
    masses[i] = mean === 0 ? Number(count === 0) : Math.exp(count * Math.log(mean) - mean - logGamma(count + 1));
  }
  return { first, masses };
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) {
    count++;
  }
  return count;
}
