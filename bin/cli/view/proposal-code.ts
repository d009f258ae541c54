import type { Proposal, ProposedStep } from '../../../lib/core/rollout/propose';
import { percent } from './format';

/** A proposal as TypeScript to paste into the constructor of a stack that has an `endpoint`. */
export function proposalCode({ steps, answer, requestsPerSecond, errorRate, detectableRegression, harmBudget }: Proposal): string {
  const final = steps.at(-1)!;
  const warned = steps.some(({ findsRegression }) => !findsRegression);
  return [
    `import { ${warned ? 'Annotations, ' : ''}Duration } from 'aws-cdk-lib/core';`,
    "import { CanaryRollout, TrafficShift } from 'cdk-model-rollout';",
    '',
    `// Proposed by model-rollout plan for a harm budget of ${harmBudget} failed requests.`,
    `${warned ? 'const rollout = ' : ''}new CanaryRollout(this, 'Rollout', {`,
    '  endpoint,',
    ...(answer === 'detached'
      ? ['  // The new model: no deployment waits so long, so `model` of the endpoint stays until this one is promoted.', '  candidate,']
      : []),
    ...shift(steps.slice(0, -1)).map((line) => `  ${line}`),
    `  finalBakeTime: ${bakeTime(final)},`,
    `  expectedRequestsPerSecond: ${requestsPerSecond},`,
    `  expectedErrorRate: ${errorRate},`,
    `  detectableRegression: ${detectableRegression},`,
    '});',
    ...(warned ? [`Annotations.of(rollout).acknowledgeWarning('cdk-model-rollout:stepTooShort', '${reason(steps)}');`] : []),
  ].join('\n');
}

function shift(steps: readonly ProposedStep[]): string[] {
  if (steps.every(({ bakeSeconds }) => bakeSeconds === steps[0].bakeSeconds)) {
    return [`shift: TrafficShift.steps([${steps.map((step) => step.percent).join(', ')}], { bakeTime: ${bakeTime(steps[0])} }),`];
  }
  return ['shift: TrafficShift.custom([', ...steps.map((step) => `  { percent: ${step.percent}, bakeTime: ${bakeTime(step)} },`), ']),'];
}

function bakeTime({ bakeSeconds }: ProposedStep): string {
  return `Duration.minutes(${bakeSeconds / 60})`;
}

/** Why synthesis need not warn of the steps that do not find the regression. */
function reason(steps: readonly ProposedStep[]): string {
  const finds = steps.filter(({ findsRegression }) => findsRegression).map((step) => percent(step.percent));
  return `the regression is found at ${finds.join(', ')}; the other steps limit what a worse fault costs`;
}
