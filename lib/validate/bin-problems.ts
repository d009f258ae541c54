import { Token } from 'aws-cdk-lib/core';
import { parseJsonPath } from '../core/json/json-path';

/** Every bin is a metric of both versions. */
const MOST_BORDERS = 19;

/** A place of a JSON answer, and how what is there is sorted into bins. */
export interface Binned {
  readonly path: string;
  readonly bins?: number[];
  readonly labels?: string[];
}

/** What is wrong with bins; `what` is whose they are, as in `guardrail "drift"`. */
export function binProblems({ path, bins, labels }: Binned, what: string): string[] {
  const at = `of ${what}`;
  const problems: string[] = [];
  if (Token.isUnresolved(path) || parseJsonPath(path) === undefined) {
    problems.push(`path ${at} is ${JSON.stringify(path)}, but must name one place such as "$.score", without wildcards and filters`);
  }
  if ((bins === undefined) === (labels === undefined)) {
    problems.push(
      `${what} has ${bins === undefined ? 'neither bins nor' : 'both bins and'} labels; give bins for a number, or labels for a class`,
    );
  }
  for (const [name, list] of [['bins', bins], ['labels', labels]] as const) {
    if (list === undefined) {
      continue;
    }
    if (Token.isUnresolved(list) || list.some((each) => Token.isUnresolved(each))) {
      problems.push(`${name} ${at} are known only at deployment; give values`);
    } else if (!(list.length >= 1 && list.length <= MOST_BORDERS)) {
      problems.push(
        `${name} ${at} are ${list.length}, but must be 1 to ${MOST_BORDERS}; ${name === 'bins' ? "take quartiles or deciles of "
          + "production's predictions" : 'name the most frequent classes'}`,
      );
    } else if (name === 'labels' ? new Set(list).size < list.length : !increase(list as number[])) {
      problems.push(`${name} ${at} are ${list.join(', ')}, but must ${name === 'bins' ? 'be finite numbers that increase' : 'all differ'}`);
    }
  }
  return problems;
}

function increase(values: readonly number[]): boolean {
  return values.every((value, index) => Number.isFinite(value) && (index === 0 || value > values[index - 1]));
}
