import { Token } from 'aws-cdk-lib/core';
import { parseJsonPath } from '../core/routing/json-path';
import { knownProblem } from '../limits';
import { actionPlan } from './evidence-bounds';
import type { PredictionDriftProps } from './evidence-options';
import { GuardrailAction } from './guardrail-action';
import type { BoundGuardrail, GuardrailKind } from './guardrail-kind';

/** Every bin is a metric of both versions. */
const MOST_BORDERS = 19;

/** @see Guardrail.predictionDrift */
export class PredictionDrift implements GuardrailKind {
  public readonly name: string;
  public readonly compares = true;

  constructor(private readonly props: PredictionDriftProps) {
    this.name = props.name ?? 'prediction-drift';
  }

  public problems(): string[] {
    const { path, bins, labels, maxRatio } = this.props;
    const at = `of guardrail ${JSON.stringify(this.name)}`;
    const problems = knownProblem(`maxRatio ${at}`, maxRatio, 1, 100, 'times production\'s share', '1.1 is the default');
    if (Token.isUnresolved(path) || parseJsonPath(path) === undefined) {
      problems.push(`path ${at} is ${JSON.stringify(path)}, but must name one place such as "$.score", without wildcards and filters`);
    }
    if ((bins === undefined) === (labels === undefined)) {
      problems.push(`guardrail ${JSON.stringify(this.name)} has ${bins === undefined ? 'neither bins nor' : 'both bins and'} labels; give bins for a number, or labels for a class`);
    }
    for (const [name, list] of [['bins', bins], ['labels', labels]] as const) {
      if (list === undefined) {
        continue;
      }
      if (Token.isUnresolved(list) || list.some((each) => Token.isUnresolved(each))) {
        problems.push(`${name} ${at} are known only at deployment; give values`);
      } else if (!(list.length >= 1 && list.length <= MOST_BORDERS)) {
        problems.push(`${name} ${at} are ${list.length}, but must be 1 to ${MOST_BORDERS}; ${name === 'bins' ? 'take quartiles or deciles of production\'s predictions' : 'name the most frequent classes'}`);
      } else if (name === 'labels' ? new Set(list).size < list.length : !increase(list as number[])) {
        problems.push(`${name} ${at} are ${list.join(', ')}, but must ${name === 'bins' ? 'be finite numbers that increase' : 'all differ'}`);
      }
    }
    return problems;
  }

  public bind(): BoundGuardrail {
    const { action, path, bins, labels, maxRatio } = this.props;
    return {
      plan: {
        name: this.name,
        // Other predictions are what a new model is for: somebody should look, no more.
        action: actionPlan(action ?? GuardrailAction.HOLD),
        kind: 'drift',
        path,
        ...(bins === undefined ? { labels } : { edges: bins }),
        ...(maxRatio === undefined ? {} : { ratio: maxRatio }),
      },
    };
  }
}

function increase(values: readonly number[]): boolean {
  return values.every((value, index) => Number.isFinite(value) && (index === 0 || value > values[index - 1]));
}
