import { dirname } from 'node:path';
import ts from 'typescript';
import { cell, type Constant, constantsOf, documentation, filesOf, numberOf, sourceOf } from './sources';

/** A setting that synthesis refuses outside of a range. */
export interface Range {
  readonly file: string;
  readonly setting: string;
  readonly least: string;
  readonly most: string;
  readonly unit: string;
  readonly remedy: string;
}

/** By the name of a check, where its call has the range, the unit and the remedy. */
const CHECKS: { readonly [name: string]: 'array' | 'seconds' } = {
  rangeProblem: 'array', wholeProblem: 'array', knownProblem: 'array', secondsProblem: 'seconds', wholeSecondsProblem: 'seconds',
};

/** Folders whose settings make a section each. */
const SECTIONS: readonly (readonly [title: string, folders: readonly string[]])[] = [
  ['Models', ['lib/model']],
  ['Endpoints', ['lib/endpoint']],
  ['Rollouts', ['lib/rollout']],
  ['Guardrails', ['lib/guardrail']],
  ['Shadows, replays and labels', ['lib/shadow', 'lib/replay', 'lib/feedback', 'lib/inference-log']],
  ['Rehearsals', ['lib/rehearsal']],
];

const AWS = 'lib/core/aws-limits.ts';

/** Limits that are not ranges of a setting: of sizes and numbers of things. By file and constant, with unit and what happens beyond. */
const SIZES: readonly (readonly [what: string, file: string, constant: string, unit: string, beyond: string])[] = [
  ['steps of a rollout', 'lib/rollout/traffic-shift.ts', 'MOST_STEPS', '', 'refused at synthesis'],
  ['golden requests of smoke tests, together', 'lib/rollout/smoke-test.ts', 'MOST_BYTES', 'bytes', 'refused at synthesis'],
  ['values of a segment', 'lib/guardrail/segment.ts', 'MOST_VALUES', '', 'refused at synthesis'],
  ['values of one member of a cohort', 'lib/endpoint/cohort.ts', 'MOST_VALUES', '', 'refused at synthesis'],
  ['borders of a distribution', 'lib/validate/bin-problems.ts', 'MOST_BORDERS', '', 'refused at synthesis'],
  ['quantiles of one guardrail of times', 'lib/guardrail/time-evidence.ts', 'MOST_QUANTILES', '', 'refused at synthesis'],
  ['prompt of a Bedrock model', 'lib/model/bedrock-model.ts', 'MOST_CHARACTERS', 'characters', 'refused at synthesis'],
  ['inline policies of a role, together', 'lib/validate/policy-size.ts', 'INLINE_POLICY_CHARACTERS', 'characters', 'refused at synthesis'],
  ['variables of a function, together', 'lib/validate/environment.ts', 'ENVIRONMENT_BYTES', 'bytes', 'refused at synthesis'],
  ['name of an endpoint or alias', 'lib/validate/names.ts', 'NAME_CHARACTERS', 'characters', 'refused at synthesis'],
  ['rollout within one deployment', 'lib/core/gate.ts', 'WAIT_CONDITION_LIMIT_SECONDS', 's', 'CloudFormation waits no longer'],
  ['outcomes in one request of labels', 'lib/core/feedback/read-feedback.ts', 'MOST_ITEMS', '', 'refused with 400'],
  ['one request of labels', 'lib/core/feedback/read-feedback.ts', 'MOST_BYTES', 'bytes', 'refused with 413'],
  ['text of a label', 'lib/core/feedback/plan.ts', 'LABEL_CHARACTERS', 'characters', 'this label is refused, the others are taken'],
  ['record of the inference log', 'lib/core/inference-log/record.ts', 'RECORD_BYTES', 'bytes', 'not written, and the router says so in its log'],
  ['`maxBodySize` of the inference log', 'lib/core/inference-log/record.ts', 'BODY_BYTES', 'bytes', 'refused at synthesis'],
  ['body in which a member is looked for', 'lib/core/inference-log/body.ts', 'READ_BYTES', 'bytes', 'not looked into'],
  ['values of a document that is compared', 'lib/core/comparison/compare-json.ts', 'MAX_VALUES', '', 'counted as a difference of schema'],
  ['file of golden requests', 'lib/core/replay/plan.ts', 'MOST_GOLDEN_BYTES', 'bytes', 'the replay fails and says so'],
];

function span({ least, most }: { readonly least: string; readonly most: string }): string {
  const above = most === 'any' ? `${least} or more` : `${least} to ${most}`;
  return least === 'any' && most === 'any' ? 'any' : above;
}

export function limitsPage(): string {
  // Checks that several constructs share are found at each.
  const found = [...new Map(ranges().map((range) => [JSON.stringify({ ...range, file: dirname(range.file) }), range])).values()];
  return `# Limits

What synthesis refuses, and what functions refuse while they run, as the code has it. An error names the value, the limit and what to do instead.

${SECTIONS.map(([title, folders]) => `## ${title}

| setting | range | |
| --- | --- | --- |
${found.filter(({ file }) => folders.some((folder) => file.startsWith(`${folder}/`))).map((range) =>
  `| ${cell(range.setting)} | ${cell(`${span(range)} ${range.unit}`.trim())} | ${cell(range.remedy)} |`).join('\n')}
`).join('\n')}
## Sizes and numbers

| | most | unit | beyond |
| --- | --- | --- | --- |
${SIZES.map(([what, file, name, unit, beyond]) => `| ${what} | ${printed(valueOf(file, name))} | ${unit} | ${beyond} |`).join('\n')}

## Of AWS

| | value | source |
| --- | --- | --- |
${constantsOf(AWS).map(awsRow).join('\n')}
`;
}

/** Every check of a range in the library, in the order of the files. Throws for one that cannot be read. */
export function ranges(): Range[] {
  return filesOf('lib').filter((file) => !file.startsWith('lib/validate/')).flatMap((file) => {
    const found: Range[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text in CHECKS) {
        found.push(...rangeOf(file, node));
      }
      ts.forEachChild(node, visit);
    };
    visit(sourceOf(file));
    return found;
  });
}

function rangeOf(file: string, call: ts.CallExpression): Range[] {
  const [name, , ...rest] = call.arguments;
  const setting = name === undefined ? undefined : settingOf(name);
  // A check that is handed its name on is found at its caller's, whose words these are not.
  if (setting === undefined) {
    return [];
  }
  if (CHECKS[call.expression.getText()] === 'seconds') {
    const [least, most, remedy] = rest;
    return [{ file, setting, least: bound(file, least), most: bound(file, most), unit: 's', remedy: wordsOf(remedy) }];
  }
  const [limits, unit, remedy] = rest;
  if (limits === undefined || !ts.isArrayLiteralExpression(limits)) {
    return [];
  }
  const [least, most] = limits.elements;
  return [{ file, setting, least: bound(file, least), most: bound(file, most), unit: wordsOf(unit), remedy: wordsOf(remedy) }];
}

/** The setting's name, without whose it is in the case at hand. */
function settingOf(name: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(name)) {
    return code(name.text);
  }
  if (!ts.isTemplateExpression(name) || name.head.text.trim() === '') {
    return undefined;
  }
  return code(name.head.text.trim().replace(/ (?:of|at|in|for)$/, ''));
}

/** `memorySize of the endpoint`, of which the first word is code. */
function code(name: string): string {
  return name.replace(/^([a-z][A-Za-z.]*)(?=$| of )/, '`$1`');
}

function bound(file: string, expression: ts.Expression): string {
  const value = numberOf(file, expression);
  if (value !== undefined) {
    return printed(value);
  }
  const text = expression.getText();
  if (text === 'Number.MIN_VALUE') {
    return 'above 0';
  }
  return /^-?Number\.MAX_/.test(text) ? 'any' : 'what others allow';
}

function wordsOf(expression: ts.Expression | undefined): string {
  return expression !== undefined && ts.isStringLiteralLike(expression) ? expression.text : '';
}

function awsRow({ file, name, statement, initializer }: Constant): string {
  const { text, see } = documentation(statement);
  const value = numberOf(file, initializer);
  if (text === undefined || see.length === 0 || value === undefined) {
    throw new Error(`${name} of ${file} has no sentence or no @see of where AWS says it`);
  }
  return `| ${cell(text)} | ${printed(value)} | ${see.map((page) => `[AWS](${page})`).join(', ')} |`;
}

function valueOf(file: string, name: string): number {
  const constant = constantsOf(file).find((each) => each.name === name);
  const value = constant && numberOf(file, constant.initializer);
  if (value === undefined) {
    throw new Error(`${file} has no number ${name}; the page of limits names it`);
  }
  return value;
}

function printed(value: number): string {
  return Math.abs(value) >= 1e9 || (value !== 0 && Math.abs(value) < 1e-4) ? value.toExponential().replace('+', '') : value.toLocaleString('en-US', { maximumFractionDigits: 6 });
}
