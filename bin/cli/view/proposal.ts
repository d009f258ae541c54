import Table from 'cli-table3';
import type { Proposal, ProposedStep } from '../../../lib/core/rollout/propose';
import { percent, seconds } from './format';
import { type Line, line, type Paint } from './line';

/** What `plan` shows. Pure: everything it says is in the proposal. */
export function renderProposal(proposal: Proposal, code: string, paint: Paint): string {
  const { requestsPerSecond, errorRate, regression, detectableRegression, harmBudget, steps } = proposal;
  const table = new Table({
    head: ['share', 'bake', 'finds failures\nfrom', 'total failure\ncosts', `${share(regression)} failures\ncost`],
    style: { head: [], border: [] },
    colAligns: ['right', 'right', 'right', 'right', 'right'],
  });
  table.push(
    ...steps.map((step) => [
      `${percent(step.percent)}${step.final ? ' (final)' : ''}`,
      seconds(step.bakeSeconds),
      step.found === undefined ? 'none' : share(step.found),
      count(step.totalFailureCost),
      count(step.regressionCost),
    ]),
  );
  const traffic = `${figure(requestsPerSecond)} requests a second, ${share(errorRate)} of which fail`;
  const finds = `${share(regression)} (${figure(detectableRegression)} times)`;
  return [
    line`${paint('bold', 'A canary')} for ${traffic}, that finds ${finds}`,
    line`harm budget ${figure(harmBudget)} failed requests`,
    table.toString(),
    ...notes(proposal),
    '',
    code,
  ]
    .map((part) => (typeof part === 'string' ? part : part.text))
    .join('\n');
}

function notes({ steps, leastSeconds, likelySeconds, answer, deadlineSeconds, longestDeadlineSeconds, regression }: Proposal): Line[] {
  const found = `${share(regression)} is found at ${finding(steps)}`;
  const likely = likelySeconds > leastSeconds ? `, a good candidate up to ${seconds(likelySeconds)}, as steps wait for certainty` : '';
  const deadline =
    longestDeadlineSeconds === undefined
      ? seconds(deadlineSeconds)
      : `${seconds(deadlineSeconds)}, may be ${seconds(longestDeadlineSeconds)} at the most`;
  return [
    line`A step finds by itself, with 95 % probability, by the default guardrails; ${found}. Costs are failed`,
    line`requests that production would have answered, if the fault begins in that step: until it is found and rolled back, or,`,
    line`where the step does not find it, all of the step.`,
    line`takes        ${seconds(leastSeconds)}${likely}`,
    line`deadline     ${deadline}`,
    line`deployment   ${ANSWERS[answer]}`,
    // Steps of many hours wait for requests: recorded ones are there.
    ...(answer === 'detached'
      ? [line`or           ${REPLAY}`]
      : []),
  ];
}

const REPLAY =
  'recorded requests to both versions before the first step (replay of the rollout): what they make certain, no step waits for';

/** How CloudFormation learns of the end. */
const ANSWERS: { readonly [answer in Proposal['answer']]: string } = {
  'response': 'waits for the custom resource, which answers at the end',
  'wait-condition': 'waits for a wait condition, which the controller fulfils at the end',
  'detached': 'waits for nothing: it is too long for one, so the new model is declared as candidate; see model-rollout status --watch',
};

function finding(steps: readonly ProposedStep[]): string {
  return steps.filter(({ findsRegression }) => findsRegression).map((step) => percent(step.percent)).join(', ');
}

function share(rate: number): string {
  return `${figure(100 * rate)} %`;
}

function count(value: number): string {
  if (value < 0.05) {
    return '< 0.1';
  }
  if (value < 10) {
    return value.toFixed(1);
  }
  return String(Math.round(value));
}

/** Three digits are more than is known. */
function figure(value: number): string {
  return value >= 1_000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
