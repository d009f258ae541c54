import { parsePattern } from '../json/ignored-paths';
import { isPlace } from '../json/json-path';
import type { ComparisonPlan } from './plan';

/** What is wrong with a comparison, a sentence each. */
export function comparisonProblems(plan: ComparisonPlan): string[] {
  const problems: string[] = [];
  const between = (name: string, value: number, least: number, most: number, remedy: string): void => {
    if (!(value >= least && value <= most)) {
      problems.push(`${name} of the comparison is ${value}, but must be between ${least} and ${most}; ${remedy}`);
    }
  };
  const tolerance = ({ absolute, relative }: { readonly absolute: number; readonly relative: number }): void => {
    between('absolute', absolute, 0, Number.MAX_VALUE, '0 allows no difference');
    between('relative', relative, 0, 1, '0.01 allows one percent of the larger number');
  };
  if (plan.kind !== 'exact' && plan.kind !== 'json' && plan.path !== undefined && !isPlace(plan.path)) {
    problems.push(
      `the comparison's path is ${JSON.stringify(plan.path)}, but must name one place such as "$.score", without wildcards and filters`,
    );
  }
  switch (plan.kind) {
    case 'json':
      for (const path of plan.ignoredPaths.filter((each) => parsePattern(each) === undefined)) {
        problems.push(
          `an ignored path of the comparison is ${JSON.stringify(path)}, but must be one such as "$.meta.time" or "$.rows[*].id"`,
        );
      }
      tolerance(plan);
      break;
    case 'number':
      tolerance(plan);
      break;
    case 'ranking':
      between('top', plan.top, 1, 10_000, '10 looks at the first ten places');
      if (!Number.isInteger(plan.top)) {
        problems.push(`top of the comparison is ${plan.top}, but must be a whole number; round it`);
      }
      between('minOverlap', plan.minimumOverlap, 0, 1, '1 wants the same places');
      break;
    case 'probabilities':
      between('tolerance', plan.tolerance, 0, 1, '0.05 lets distributions differ by five percent');
      break;
    case 'embedding':
      between('minSimilarity', plan.minimumSimilarity, -1, 1, '0.99 wants nearly the same direction');
      break;
    case 'text':
      between('minOverlap', plan.minimumOverlap, 0, 1, '1 wants the same words in the same order');
      break;
    default:
  }
  return problems;
}
