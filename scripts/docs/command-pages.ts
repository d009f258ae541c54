// Writes a page of the reference for each verb of `model-rollout`, from the program itself.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Option } from 'commander';
import { EXIT_HELP } from '../../bin/cli/exit';
import { modelRollout } from '../../bin/program';
import { Shell } from '../../bin/cli/verbs/shell';

const folder = join(__dirname, '..', '..', 'docs', 'reference', 'command');
const program = modelRollout(new Shell({ out: () => undefined, err: () => undefined } as unknown as Shell['terminal']));
const help = program.createHelp();

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const command of program.commands) {
  writeFileSync(join(folder, `${command.name()}.md`), page(command));
}
writeFileSync(join(folder, 'index.md'), `# The command

${program.description()} It comes with the package: \`npx model-rollout\`, or \`model-rollout\` where the wheel for Python is installed.

| verb | what it does |
| --- | --- |
${program.commands.map((command) => `| [\`${command.name()}\`](./${command.name()}.md) | ${cell(command.description())} |`).join('\n')}

## Exit codes
${exitCodes()}`);

function page(command: Command): string {
  const inputs = command.registeredArguments;
  return `# model-rollout ${command.name()}

${sentence(command.description())}

\`\`\`console
$ ${help.commandUsage(command)}
\`\`\`
${inputs.length === 0 ? '' : `
| argument | meaning |
| --- | --- |
${inputs.map((argument) => `| \`${argument.name()}\` | ${cell(help.argumentDescription(argument))} |`).join('\n')}
`}
| option | meaning |
| --- | --- |
${help.visibleOptions(command).map(row).join('\n')}

## Exit codes
${exitCodes()}`;
}

function row(option: Option): string {
  return `| \`${option.flags.replaceAll('|', '\\|')}\` | ${cell(help.optionDescription(option))} |`;
}

function exitCodes(): string {
  return `
| code | meaning |
| --- | --- |
${[...EXIT_HELP.matchAll(/^ {2}(\d) {2}(.*)$/gm)].map(([, code, meaning]) => `| ${code} | ${cell(meaning)} |`).join('\n')}
`;
}

function sentence(text: string): string {
  return `${text[0].toUpperCase()}${escaped(text.slice(1))}.`;
}

function cell(text: string): string {
  return escaped(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** Angle brackets outside of code would be elements. */
function escaped(text: string): string {
  return text.replace(/<(\w[^>]*)>/g, '&lt;$1&gt;');
}
