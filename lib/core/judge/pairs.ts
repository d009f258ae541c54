import { CERTIFICATION_MULTIPLES, REGRESSION_MULTIPLES } from './rate';

/**
 * Log likelihood ratios per success and per failure, from which evidence about pairs is a weighted sum: both answers to the
 * same request are known, so no production rate has to be eliminated and each ratio is an exact Bernoulli one.
 */
export interface PairRatios {
  readonly rates: readonly number[];
  readonly perSuccess: Float64Array;
  readonly perFailure: Float64Array;
}

/**
 * Ratios against "candidate and production disagree on no more than `bound` of the requests" (`regression`), or on no less
 * (`certification`). Multiples that would ask for a rate of 1 or more are left out.
 *
 * @see docs/how-it-decides.md 2.6
 */
export function disagreementRatios(bound: number, purpose: 'regression' | 'certification'): PairRatios {
  const multiples = purpose === 'regression' ? REGRESSION_MULTIPLES.filter((multiple) => multiple * bound < 1) : CERTIFICATION_MULTIPLES;
  // A bound above 4/5 leaves no multiple: the middle between it and 1 is then what is looked for.
  const rates = multiples.length > 0 ? multiples.map((multiple) => multiple * bound) : [(1 + bound) / 2];
  return bernoulliRatios(bound, rates);
}

/**
 * Ratios for labelled pairs, McNemar's test made sequential: among requests that exactly one side got wrong, successes are
 * those that the candidate got wrong. `ratio` is how many times more often than production it may be wrong there.
 *
 * @see docs/how-it-decides.md 2.6
 */
export function discordanceRatios(ratio: number, purpose: 'regression' | 'certification'): PairRatios {
  const multiples = purpose === 'regression' ? REGRESSION_MULTIPLES : CERTIFICATION_MULTIPLES;
  const share = (odds: number): number => odds / (1 + odds);
  return bernoulliRatios(share(ratio), multiples.map((multiple) => share(ratio * multiple)));
}

/** What one period's successes and failures add to the log e-values, nats. Writes into `increments`, which it returns. */
export function pairIncrements(successes: number, failures: number, ratios: PairRatios, increments: Float64Array): Float64Array {
  for (let j = 0; j < increments.length; j++) {
    increments[j] = successes * ratios.perSuccess[j] + failures * ratios.perFailure[j];
  }
  return increments;
}

/** What `pairs` successes and failures together would add on average to each log e-value, nats, if its rate were true. */
export function expectedPairIncrements(pairs: number, { rates, perSuccess, perFailure }: PairRatios, expected: Float64Array): Float64Array {
  for (let j = 0; j < expected.length; j++) {
    expected[j] = pairs * (rates[j] * perSuccess[j] + (1 - rates[j]) * perFailure[j]);
  }
  return expected;
}

function bernoulliRatios(bound: number, rates: readonly number[]): PairRatios {
  return {
    rates,
    perSuccess: Float64Array.from(rates, (rate) => Math.log(rate / bound)),
    perFailure: Float64Array.from(rates, (rate) => Math.log1p(-rate) - Math.log1p(-bound)),
  };
}
