import { Token } from 'aws-cdk-lib/core';
import { knownProblem } from '../validate/limits';

/** What tokens cost. */
export interface TokenPrices {
  /** Price of a million tokens of requests, 0 or more. */
  readonly inputPerMillion: number;

  /** Price of a million tokens of answers, 0 or more. */
  readonly outputPerMillion: number;

  /** Date of the prices, such as `2026-11-01`: prices age, and sentences of the rollout say how old these are. */
  readonly asOf: string;
}

/** A day of the calendar. */
const DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

/** What is wrong with prices, called `at`. */
export function priceProblems(at: string, { inputPerMillion, outputPerMillion, asOf }: TokenPrices): string[] {
  const problems = Object.entries({ inputPerMillion, outputPerMillion }).flatMap(([name, price]) =>
    knownProblem(`${name} of ${at}`, price, [0, 1e6], 'for a million tokens', 'take it from the maker\'s price list'));
  if (problems.length === 0 && inputPerMillion + outputPerMillion === 0) {
    problems.push(`${at} are 0 in and out, so that there is nothing to compare; give prices, or compare Guardrail.tokens()`);
  }
  if (Token.isUnresolved(asOf) || !DAY.test(asOf)) {
    problems.push(`asOf of ${at} is ${JSON.stringify(asOf)}, but must be the date of the price list, such as 2026-11-01`);
  }
  return problems;
}
