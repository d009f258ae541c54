import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { CanaryRollout, ModelEndpoint } from '../../lib';
import { inline, newStack } from '../fixtures/stacks';

const MOST = 500;
const GUIDE = readFileSync(join(__dirname, '../../docs/guides/stacks-and-accounts.md'), 'utf8');

/** Resources of a stack with so many endpoints. */
function resources(endpoints: number, { shared = false, rollouts = false }): number {
  const stack = newStack();
  const api = shared ? { api: new apigateway.RestApi(stack, 'Api') } : {};
  for (let index = 0; index < endpoints; index++) {
    const endpoint = new ModelEndpoint(stack, `Endpoint${index}`, { model: inline(`v${index}`), ...api });
    if (rollouts) {
      new CanaryRollout(stack, `Rollout${index}`, { endpoint });
    }
  }
  return Object.keys(Template.fromStack(stack).toJSON().Resources as object).length;
}

const each = (how: Parameters<typeof resources>[1]): number => resources(2, how) - resources(1, how);

test('the guide says what resources an endpoint and a rollout have', () => {
  const [own, shared] = [each({}), each({ shared: true })];
  const rollout = each({ rollouts: true }) - own;
  expect(each({ shared: true, rollouts: true }) - shared).toBe(rollout);
  expect(GUIDE).toContain(`| an endpoint | ${own} |`);
  expect(GUIDE).toContain(`| an endpoint behind a shared \`api\` | ${shared} |`);
  expect(GUIDE).toContain(`| a rollout | ${rollout} |`);
  const once = resources(1, {}) - own;
  const withRollouts = resources(1, { rollouts: true }) - own - rollout;
  expect(GUIDE).toContain(`| the stack, once | ${once}; with rollouts ${withRollouts} |`);
});

test('and how many of them fit into a stack', () => {
  const fit = (how: Parameters<typeof resources>[1]): number => Math.floor((MOST - resources(1, how)) / each(how)) + 1;
  expect(GUIDE).toContain(`With a rollout each, ${fit({ rollouts: true })} with APIs of their own or ${fit({ shared: true, rollouts: true })} behind a shared one`);
});
