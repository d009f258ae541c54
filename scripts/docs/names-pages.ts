// Writes the pages of the reference on what is seen outside: metrics, headers, errors, events, limits, permissions. What they say is what the code has.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ErrorCode, ERRORS } from '../../lambda/shared/http/errors';
import { METRIC_NAMESPACE } from '../../lib/core/names';
import { eventsPage } from './reference/events-page';
import { limitsPage } from './reference/limits-page';
import { permissionsPage } from './reference/permissions-page';
import { cell, documentation, root, sourceOf } from './reference/sources';

const folder = join(root, 'docs', 'reference', 'names');
const NAMES = 'lib/core/names.ts';

interface Named {
  readonly name: string;
  readonly value: string;
  readonly meaning: string;
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

write('metrics', `# Metrics

All of them are in the namespace \`${METRIC_NAMESPACE}\`. \`endpoint.metrics\`, \`mirror.metrics\` and \`feedback.metrics\` give them as objects of CDK.

## Of an endpoint

For people under \`Endpoint, Alias, Variant\`; the same under \`Endpoint, Alias, Version\`, by which rollouts judge. A request counts for the variant that it was assigned to, once, with its final outcome there.

${table('metric', members(NAMES, 'Metric'))}

Generative models also have \`Finished…\` for each reason why an answer ended. While a rollout compares latencies, predictions or tokens, routers count \`MeasuredRequests\`, \`SlowRequests…\` and the like besides; their names and number
follow from the rollout's plan, and nobody but rollouts should read them.

## Of a shadow

Under \`Endpoint, Alias, Shadow\`, and by the shadow's \`Version\` besides.

${table('metric', members(NAMES, 'ShadowMetric'))}

## Of feedback

Under \`Endpoint, Alias, Version\`, at the time of the inference and not of the label.

${table('metric', members(NAMES, 'FeedbackMetric'))}
`);

write('headers', `# Headers

Most are SageMaker's own, so that its clients need no other names. Case does not matter.

${table('header', members(NAMES, 'Header'))}
`);

write('errors', `# Errors

An endpoint answers errors as JSON with \`code\`, \`message\` and \`inferenceId\`, and with SageMaker's class of error in \`x-amzn-errortype\`. [Troubleshooting](../../troubleshooting.md) says what to do about each.

| code | status | class | meaning |
| --- | --- | --- | --- |
${members('lambda/shared/http/errors.ts', 'ErrorCode').map(({ value, meaning }) => {
  const { status, type, retryAfter } = ERRORS[value as ErrorCode];
  const again = retryAfter === undefined ? '' : ` Try again after ${retryAfter} s (\`Retry-After\`).`;
  return `| \`${value}\` | ${value === ErrorCode.REFUSED_BY_MODEL ? "the model's own" : status} | ${type} | ${cell(meaning)}${again} |`;
}).join('\n')}
`);

write('limits', limitsPage());
void Promise.all([eventsPage(), permissionsPage()]).then(([events, permissions]) => {
  write('events', events);
  write('permissions', permissions);
});

function write(page: string, text: string): void {
  writeFileSync(join(folder, `${page}.md`), text);
}

function table(what: string, rows: readonly Named[]): string {
  return `| ${what} | meaning |\n| --- | --- |\n${rows.map(({ value, meaning }) => `| \`${value}\` | ${cell(meaning)} |`).join('\n')}`;
}

/** The members of an enumeration with what its source says of them. Throws for one of which it says nothing. */
function members(file: string, name: string): Named[] {
  const found = sourceOf(file).statements.find((each): each is ts.EnumDeclaration => ts.isEnumDeclaration(each) && each.name.text === name);
  if (found === undefined) {
    throw new Error(`${file} has no enumeration ${name}`);
  }
  return found.members.map((member) => {
    const meaning = documentation(member).text;
    if (meaning === undefined || member.initializer === undefined || !ts.isStringLiteral(member.initializer)) {
      throw new Error(`${name}.${member.name.getText()} of ${file} is a name without a meaning; give it a sentence`);
    }
    return { name: member.name.getText(), value: member.initializer.text, meaning };
  });
}
