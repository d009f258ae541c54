import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import ts from 'typescript';
import type { PlanDocument } from '../../../../bin/cli/verbs/plan';
import * as library from '../../../../lib/index';
import { inline, newEndpoint, newStack, planOf, warnings } from '../../../fixtures/stacks';
import { runBundle, runCli } from '../../../fixtures/fake-aws';

const USUAL = ['--requests-per-second', '100', '--error-rate', '1%'];
/** Waited for by a wait condition and by nothing; with steps that differ and steps that all find the regression. */
const CASES: [string, string[]][] = [
  ['wait-condition', USUAL],
  ['wait-condition', ['--requests-per-second', '10', '--error-rate', '0.01', '--regression', '3%', '--harm-budget', '50']],
  ['wait-condition', ['--requests-per-second', '1000', '--error-rate', '0.1']],
  ['detached', ['--requests-per-second', '2', '--error-rate', '0.001', '--regression', '0.2%']],
];

async function planned(args: readonly string[]): Promise<PlanDocument> {
  const { code, stdout, calls } = await runCli(['plan', ...args, '--json']);
  expect([code, calls]).toEqual([0, []]);
  return JSON.parse(stdout) as PlanDocument;
}

/** The printed TypeScript within the constructor of a stack. */
function program(printed: string): string {
  const lines = printed.split('\n');
  const imports = lines.filter((line) => line.startsWith('import '));
  return [
    ...imports.map((line) => line.replace('\'cdk-model-rollout\'', '\'../../../../lib\'')),
    'import { Stack } from \'aws-cdk-lib/core\';',
    'import type { Model, ModelEndpoint } from \'../../../../lib\';',
    'export class Printed extends Stack {',
    '  define(endpoint: ModelEndpoint, candidate: Model): void {',
    '    void candidate;',
    ...lines.filter((line) => !imports.includes(line)),
    '  }',
    '}',
  ].join('\n');
}

test.each(CASES)('what is printed is a rollout with the steps that are shown (%s, %j)', async (answer, args) => {
  const document = await planned(args);
  expect(document.answer).toBe(answer);
  const stack = newStack();
  const printed: { exports: { Printed?: { prototype: { define(this: unknown, endpoint: unknown, candidate: unknown): void } } } } = {
    exports: {},
  };
  const { outputText } = ts.transpileModule(program(document.typescript), {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023 },
  });
  const modules: { readonly [name: string]: unknown } = { '../../../../lib': library, 'aws-cdk-lib/core': jest.requireActual('aws-cdk-lib/core') };
  // What users are told to paste is run.
  new Function('module', 'exports', 'require', outputText)(printed, printed.exports, (name: string) => modules[name]);
  printed.exports.Printed!.prototype.define.call(stack, newEndpoint(stack), inline('v2'));
  const plan = planOf(Template.fromStack(stack));
  expect(plan.stages.map(({ percent, bakeSeconds }) => [percent, bakeSeconds])).toEqual(
    document.steps.map(({ percent, bakeSeconds }) => [percent, bakeSeconds]),
  );
  expect([plan.answer, plan.deadlineSeconds, plan.drainSeconds, plan.intervalSeconds, plan.metrics.delaySeconds]).toEqual([
    answer,
    document.deadlineSeconds,
    34,
    60,
    60,
  ]);
  expect(warnings(stack)).toEqual([]);
});

test('what is printed compiles under the strictest of the project\'s rules', async () => {
  const { config } = ts.readConfigFile(join(__dirname, '../../../../tsconfig.json'), (path) => ts.sys.readFile(path)) as { config: { compilerOptions: object } };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, join(__dirname, '../../../..'));
  const files = new Map<string, string>();
  for (const [index, [, args]] of CASES.entries()) {
    files.set(join(__dirname, `printed-${index}.ts`), program((await planned(args)).typescript));
  }
  // One that is wrong shows that mistakes are seen.
  const wrong = join(__dirname, 'printed-wrong.ts');
  files.set(wrong, program((await planned(USUAL)).typescript.replace('detectableRegression', 'regression')));
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path) ?? readFile(path);
  host.getSourceFile = (path, language, ...rest) =>
    files.has(path) ? ts.createSourceFile(path, files.get(path)!, language) : getSourceFile(path, language, ...rest);
  const compiled = ts.createProgram([...files.keys()], options, host);
  const mistakes = (path: string): string[] => {
    const source = compiled.getSourceFile(path)!;
    return [...compiled.getSyntacticDiagnostics(source), ...compiled.getSemanticDiagnostics(source)].map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  };
  expect([...files.keys()].filter((path) => path !== wrong).flatMap(mistakes)).toEqual([]);
  expect(mistakes(wrong)).toEqual([expect.stringContaining('\'regression\' does not exist')]);
});

test('shows a line for each step, what it finds and costs, and how the deployment learns of the end', async () => {
  const { code, stdout, stderr } = await runBundle(['plan', ...USUAL, '--harm-budget', '200']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^A canary for 100 requests a second, 1 % of which fail, that finds 2 % \(2 times\)\nharm budget 200 failed requests\n/);
  expect(stdout).toMatch(/│ +0\.66 % │ +5 min │ +[\d.]+ % │ +196 │ +2\.0 │/);
  expect(stdout).toMatch(/│ 80 % \(final\) │ 10 min │/);
  expect(stdout).toContain('2 % is found at 16 %, 80 %.');
  expect(stdout).toMatch(/\ntakes {8}46 min/);
  expect(stdout).toContain('\ndeployment   waits for a wait condition');
  expect(stdout).toContain('    { percent: 0.66, bakeTime: Duration.minutes(5) },\n');
});

test('what is longer than a deployment needs a candidate, and says so', async () => {
  const { stdout } = await runCli(['plan', ...CASES[3][1]]);
  expect(stdout).toContain('deployment   waits for nothing: it is too long for one');
  expect(stdout).toContain('\n  candidate,\n');
  expect(stdout).toContain('\nor           recorded requests to both versions before the first step (replay of the rollout)');
  expect((await runCli(['plan', ...USUAL])).stdout).not.toContain('replay');
});

describe('mistakes', () => {
  test.each<[string[], string, RegExp]>([
    [[], 'USAGE', /--requests-per-second <number>' not specified/],
    [['--requests-per-second', 'many', '--error-rate', '0.01'], 'USAGE', /it must be a number/],
    [['--requests-per-second', '', '--error-rate', '0.01'], 'USAGE', /it must be a number/],
    [['--requests-per-second', '10', '--error-rate', 'x%'], 'USAGE', /it must be a number/],
    [['--requests-per-second', '-10', '--error-rate', '3'], 'BAD_OPTION', /^--requests-per-second is -10 .*; take the busiest hour\n--error-rate is 3 of the requests, but must be between/],
    [[...USUAL, '--regression', '1.1%'], 'BAD_OPTION', /^--regression is 1.1 % of the requests.*Guardrail\.errorRate\(\) tolerates up to 1\.15 %; raise --regression above that, to 2 %/],
    [[...USUAL, '--harm-budget', '20'], 'BAD_OPTION', /^--harm-budget is 20 failed requests.* up to 3\d within .*; raise --harm-budget above that, to 300/],
  ])('fails on %j with code 2', async (args, code, message) => {
    const run = await runCli(['plan', ...args, '--json']);
    expect([run.code, run.stderr]).toEqual([2, '']);
    expect(run.json()).toEqual({ schema: 1, ok: false, command: 'plan', error: { code, message: expect.stringMatching(message) } });
    expect((await runCli(['plan', ...args])).code).toBe(2);
  });
});
