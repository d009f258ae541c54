import { knownProblem } from '../validate/limits';
import { RegressionDirection } from './guardrail-options';

/** How much worse a mean within bounds may be. */
export interface MeanChanges {
  readonly maxChange?: number;
  readonly certifiedChange?: number;
}

const DEFAULT_CHANGE = 0.05;
const DEFAULT_CERTIFIED_CHANGE = 0.1;

/** As the plan has them: factors on what production's mean is above the lowest value. */
export function changePlan(
  options: MeanChanges, regression: RegressionDirection,
): { readonly worse: 'lower' | 'higher'; readonly allowed: number; readonly margin: number } {
  const lower = regression === RegressionDirection.DECREASE;
  const [allowed, margin] = changesOf(options).map((change) => Number((lower ? 1 - change : 1 + change).toFixed(9)));
  return { worse: lower ? 'lower' : 'higher', allowed, margin };
}

export function changeProblems(what: string, options: MeanChanges): string[] {
  const { maxChange: max, certifiedChange: certified } = options;
  const unit = 'of what production\'s mean is above minValue';
  const problems = [
    ...knownProblem(`maxChange of ${what}`, max, [0, 0.99], unit, 'it is a share, not percent; 0.05 is the default'),
    ...knownProblem(`certifiedChange of ${what}`, certified, [0.001, 0.999], unit, 'it is a share, not percent; 0.1 is the default'),
  ];
  if (problems.length > 0) {
    return problems;
  }
  const [maxChange, certifiedChange] = changesOf(options);
  return certifiedChange > maxChange
    ? []
    : [
        `${what} must rule out a change of ${certifiedChange}, which is not more than the ${maxChange} that it allows, so that no `
          + 'candidate could pass; raise certifiedChange, or leave it out',
      ];
}

function changesOf({ maxChange = DEFAULT_CHANGE, certifiedChange }: MeanChanges): readonly [maxChange: number, certifiedChange: number] {
  return [maxChange, certifiedChange ?? Math.min((1 + maxChange) / 2, Math.max(DEFAULT_CERTIFIED_CHANGE, 2 * maxChange))];
}
