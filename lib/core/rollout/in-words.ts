import { duration } from '../text';
import type { RolloutPlan, Stage } from './plan';
import { placeOf } from './stages';

/** What a deployment that brings a version does with it, in one sentence, for whoever reads a template or compares two. */
export function courseInWords(version: string, plan: RolloutPlan | undefined): string {
  if (plan === undefined) {
    return `version ${version} gets all requests at once`;
  }
  const { shadow, stages, guardrails, answer, deadlineSeconds } = plan;
  const against = guardrails.filter(({ action }) => action === 'rollback').map(({ name }) => name);
  return [
    `version ${version} ${shadow === undefined ? '' : `is a shadow for ${duration(shadow.bakeSeconds)}, then `}gets `
      + `${stepsInWords(stages)}, and becomes production`,
    against.length === 0 ? '' : `, unless it is rolled back for ${listed(against, 'or')}`,
    stages.some(({ approval }) => approval) ? '; it waits for approval' : '',
    answer === 'detached'
      ? '; the deployment does not wait for the end'
      : `; the deployment waits for the end, ${duration(deadlineSeconds)} at most`,
  ].join('');
}

/** Steps of the same length are told together. */
function stepsInWords(stages: readonly Stage[]): string {
  const groups: Stage[][] = [];
  for (const stage of stages) {
    const last = groups.at(-1);
    if (last !== undefined && last[0].cohort === undefined && last[0].bakeSeconds === stage.bakeSeconds) {
      last.push(stage);
    } else {
      groups.push([stage]);
    }
  }
  const words = groups.map(
    (group) =>
      `${listed(group.map(placeOf), 'and')} for ${duration(group[0].bakeSeconds)}${group.length > 1 ? ' each' : ''}`,
  );
  const [first, ...others] = words;
  if (stages[0].cohort !== undefined) {
    return [`the requests of ${first}`, others[0].replace(' for ', ' of all for '), ...others.slice(1)].join(', then ');
  }
  return [first.replace(' for ', ' of the requests for '), ...others].join(', then ');
}

function listed(items: readonly string[], word: string): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} ${word} ${items.at(-1)!}`;
}
