import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib/core';
import ts from 'typescript';
import { CanaryRollout, EvidenceStore, FeedbackOutcome, InferenceFeedback, InferenceLog, ModelEndpoint, ShadowMirror } from '../../../lib';
import { type Deployed, deployed, policiesOf } from '../../../test/fixtures/deployed';
import { runCli } from '../../../test/fixtures/fake-aws';
import { OURS, peoplesShop, STACK, worldOf } from '../../../test/fixtures/peoples-shop';
import { inline, newStack } from '../../../test/fixtures/stacks';
import { sourceOf } from './sources';

/** Verbs that a running stack is asked by, in the order of the page. */
const VERBS = ['status', 'history', 'abort', 'pause', 'resume', 'approve', 'promote', 'retry'];

/** Verbs that take more than one answer of AWS to run: what their modules call besides those of the verb that they build on. */
const BUILT: readonly (readonly [verb: string, on: string, modules: readonly string[]])[] = [
  ['compare', 'status', ['bin/cli/aws/comparisons.ts']],
  ['evidence', 'status', ['bin/cli/aws/evidence.ts']],
  ['watch', 'history', ['bin/cli/aws/records.ts']],
  ['watch --web', 'history', ['bin/cli/aws/records.ts', 'bin/cli/web/traffic.ts']],
];

/** Roles of `peoplesShop`, by what gives them. */
const GRANTS: readonly (readonly [role: string, grant: string, whose: string])[] = [
  ['reader', '`rollout.grants.read`', 'whoever deploys, or looks'],
  ['stopper', '`rollout.grants.abort`', 'everybody on call'],
  ['operator', '`rollout.grants.operate`', 'whoever answers for a model'],
  ['abortPolicy', '`rollout.abortPolicy`', 'the same, as a managed policy'],
  ['operatePolicy', '`rollout.operatePolicy`', 'the same, as a managed policy'],
];

export async function permissionsPage(): Promise<string> {
  const shop = peoplesShop();
  const verbs = await verbActions(shop);
  const stack = everything();
  return `# Permissions

What each needs, read from a synthesized template and from what the command calls.

## Who deploys

\`cdk deploy\` itself needs what it always does: to assume the roles of the bootstrap. CloudFormation's role creates, changes and deletes resources of these types for an endpoint with a canary that keeps evidence, a shadow, labels and an inference log; models, keys and APIs of yours come on top:

${[...new Set(Object.values(stack.resources).map(({ type }) => type))].filter((type) => type.startsWith('AWS::')).sort().map((type) => `- \`${type}\``).join('\n')}

## People

| to give the order | calls |
| --- | --- |
${verbs.map(([verb, actions]) => `| \`${verb}\` | ${list(actions)} |`).join('\n')}

\`plan\` and \`rehearse\` call nothing. What constructs grant, each for the tables and functions of the stack, and where the table is read for the alias only:

| | actions | give it to |
| --- | --- | --- |
${GRANTS.map(([role, grant, whose]) => `| ${grant} | ${list(policiesOf(shop, role).flatMap(({ policy }) => policy.Statement).flatMap(({ Action: actions }) => [actions].flat()))} | ${whose} |`).join('\n')}

## Functions

Every function has a role of its own. These are its actions beside what writes its log; all but metrics, traces and the like name the resources that they are for.

| function | actions |
| --- | --- |
${functions(stack).map(([name, actions]) => `| ${name} | ${list(actions)} |`).join('\n')}
`;
}

/** What each verb called, when the command that ships gave the order. */
async function verbActions(shop: Deployed): Promise<(readonly [verb: string, actions: readonly string[]])[]> {
  const world = worldOf(shop);
  const called = new Map<string, readonly string[]>();
  for (const verb of VERBS) {
    const { code, stderr, calls } = await runCli([verb, OURS, '--stack', STACK], world);
    if (code !== 0) {
      throw new Error(`model-rollout ${verb} ended with ${code}: ${stderr}`);
    }
    called.set(verb, calls.map(({ action }) => action).filter((action) => action !== 'sts:GetCallerIdentity'));
  }
  for (const [verb, on, modules] of BUILT) {
    called.set(verb, [...called.get(on)!, ...modules.flatMap(actionsIn)]);
  }
  return [...called];
}

/** The actions of a module of the command: it names each before it calls it. */
function actionsIn(file: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const [action] = ts.isCallExpression(node) ? node.arguments : [];
    if (ts.isCallExpression(node) && node.expression.getText().endsWith('.call') && action !== undefined && ts.isStringLiteral(action)) {
      found.push(action.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(sourceOf(file));
  return found;
}

/** A stack with one of each construct. */
function everything(): Deployed {
  const app = new App({ outdir: mkdtempSync(join(tmpdir(), 'permissions-')) });
  const stack = newStack('Everything', app);
  const endpoint = new ModelEndpoint(stack, 'Endpoint', { model: inline('v1'), endpointName: 'fraud' });
  new CanaryRollout(stack, 'Rollout', { endpoint, evidence: new EvidenceStore(stack, 'Evidence') });
  new ShadowMirror(stack, 'Shadow', { endpoint, model: inline('v2') });
  new InferenceFeedback(stack, 'Feedback', { endpoint, outcome: FeedbackOutcome.label('$.label') });
  new InferenceLog(stack, 'Log', { endpoint });
  app.synth();
  return deployed(stack.stackName, JSON.parse(readFileSync(join(app.outdir, `${stack.stackName}.template.json`), 'utf8')) as never);
}

/** The library's own functions, by their descriptions, with what their roles may do. */
function functions({ resources }: Deployed): (readonly [name: string, actions: readonly string[]])[] {
  const roles = new Map(Object.values(resources).filter(({ type }) => type === 'AWS::IAM::Role').map(({ arn, name }) => [arn, name]));
  return Object.values(resources)
    .filter(({ type, properties }) => type === 'AWS::Lambda::Function' && properties.Description !== undefined)
    .map(({ properties }) => {
      const role = roles.get(String(properties.Role));
      const statements = role === undefined ? [] : policiesOf({ resources }, role).flatMap(({ policy }) => policy.Statement);
      return [String(properties.Description), statements.flatMap(({ Action: actions }) => [actions].flat()).filter((action) => !action.startsWith('logs:'))] as const;
    });
}

function list(actions: readonly string[]): string {
  const names = [...new Set(actions)].sort();
  return names.length === 0 ? 'nothing' : names.map((name) => `\`${name}\``).join(', ');
}
