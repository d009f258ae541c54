import { Token } from 'aws-cdk-lib/core';

/** The least and the most that a number may be. */
export type Limits = readonly [least: number, most: number];

/** The problem with a number outside its limits, or nothing; a token is left to CloudFormation. */
export function rangeProblem(name: string, value: number | undefined, [least, most]: Limits, unit: string, remedy: string): string[] {
  if (value === undefined || Token.isUnresolved(value) || (value >= least && value <= most)) {
    return [];
  }
  return [`${name} is ${quantity(value, unit)}, but must be between ${least} and ${most}; ${remedy}`];
}

/** The problem with a number that is not whole or outside its limits, or nothing; a token is left to CloudFormation. */
export function wholeProblem(name: string, value: number | undefined, [least, most]: Limits, unit: string, remedy: string): string[] {
  if (value !== undefined && !Token.isUnresolved(value) && !Number.isInteger(value)) {
    return [`${name} is ${quantity(value, unit)}, but must be a whole number between ${least} and ${most}; ${remedy}`];
  }
  return rangeProblem(name, value, [least, most], unit, remedy);
}

/** The problem with a number that synthesis computes with: unknown, or outside its limits; or nothing. */
export function knownProblem(name: string, value: number | undefined, [least, most]: Limits, unit: string, remedy: string): string[] {
  return Token.isUnresolved(value)
    ? [`${name} is known only at deployment; give a number`]
    : rangeProblem(name, value, [least, most], unit, remedy);
}

/** Whether a number is given, and known at synthesis. */
export function known(value: number | undefined): value is number {
  return value !== undefined && !Token.isUnresolved(value);
}

/** A number with its unit, if it has one. */
export function quantity(value: number, unit: string): string {
  return unit === '' ? String(value) : `${value} ${unit}`;
}
