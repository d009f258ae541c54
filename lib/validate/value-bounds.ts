import { Token } from 'aws-cdk-lib/core';

/** What is wrong with the bounds of values. */
export function valueBoundsProblems(at: string, minValue: number, maxValue: number, remedy: string): string[] {
  if (Token.isUnresolved(minValue) || Token.isUnresolved(maxValue)) {
    return [`minValue and maxValue ${at} are known only at deployment; give numbers`];
  }
  return Number.isFinite(minValue) && Number.isFinite(maxValue) && minValue < maxValue
    ? []
    : [`minValue ${at} is ${minValue} and maxValue ${maxValue}, but they must be finite numbers with minValue below maxValue; ${remedy}`];
}
