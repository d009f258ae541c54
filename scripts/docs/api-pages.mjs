// Writes a page of the reference for each public type, from what jsii-docgen reads in the assembly.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './pages.mjs';

const folder = join(root, 'docs', 'reference', 'api');
const work = mkdtempSync(join(tmpdir(), 'model-rollout-api-'));
execFileSync(join(root, 'node_modules', '.bin', 'jsii-docgen'), ['--format', 'json', '--output', join(work, 'api')], {
  cwd: root,
  stdio: 'inherit',
});
const { apiReference: api } = JSON.parse(readFileSync(join(work, 'api.json'), 'utf8'));
rmSync(work, { recursive: true });

const KINDS = [
  ['constructs', 'Constructs'],
  ['classes', 'Classes'],
  ['structs', 'Options and props'],
  ['interfaces', 'Interfaces'],
  ['enums', 'Enumerations'],
];
const own = new Set(KINDS.flatMap(([kind]) => api[kind].map(({ displayName }) => displayName)));
/** What every construct has is CDK's to explain. */
const INHERITED = new Set(['toString', 'with', 'isConstruct', 'node']);

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [kind] of KINDS) {
  for (const type of api[kind]) {
    writeFileSync(join(folder, `${type.displayName}.md`), page(type, kind));
  }
}
writeFileSync(
  join(folder, 'index.md'),
  `# API

Names are TypeScript's. Python has \`snake_case\` (\`bake_time\`), Java builders, Go and C# \`PascalCase\` (\`BakeTime\`); the words are the same everywhere.
${KINDS.map(
  ([kind, title]) => `
## ${title}

| type | |
| --- | --- |
${api[kind].map(({ displayName, docs }) => `| [${displayName}](./${displayName}.md) | ${cell(docs?.summary ?? '')} |`).join('\n')}
`,
).join('')}`,
);

function page(type, kind) {
  const { displayName, docs, initializer } = type;
  return [
    `# ${displayName}`,
    prose(docs),
    kind === 'constructs' && `\`\`\`text\n${initializer.usage}\n\`\`\``,
    table('Values', type.members, (member) => [`\`${member.displayName}\``, words(member.docs)]),
    table('Properties', type.properties?.filter(({ displayName: name }) => !INHERITED.has(name)), kind === 'structs' ? option : property),
    type.constants?.length > 0 && table('Constants', type.constants, property),
    methods('Static methods', type.staticMethods),
    methods('Methods', type.instanceMethods),
  ].filter(Boolean).join('\n\n') + '\n';
}

function option(described) {
  const [name, ...others] = property(described);
  return [described.optional ? name : `${name} <Badge type="info" text="required" />`, ...others];
}

function property({ displayName, type, default: fallback, docs }) {
  return [`\`${displayName}\``, typeText(type), words(docs, fallback)];
}

function table(title, rows, cells) {
  if (!rows?.length) {
    return undefined;
  }
  const lines = rows.map(cells);
  const heads = lines[0].length === 3 ? ['name', 'type', 'meaning'] : ['name', 'meaning'];
  return [
    `## ${title}`,
    '',
    `| ${heads.join(' | ')} |`,
    `|${' --- |'.repeat(heads.length)}`,
    ...lines.map((line) => `| ${line.map(cell).join(' | ')} |`),
  ].join('\n');
}

function methods(title, all) {
  const shown = all?.filter(({ displayName }) => !INHERITED.has(displayName)) ?? [];
  return shown.length === 0
    ? undefined
    : [
        `## ${title}`,
        ...shown
          .flatMap((method) => [
            `### ${method.displayName}`,
            prose(method.docs),
            `\`\`\`text\n${method.usage}\n\`\`\``,
            method.parameters?.some(({ docs }) => docs?.summary)
              ? [
                  '| parameter | type | meaning |',
                  '| --- | --- | --- |',
                  ...method.parameters.map(
                    ({ displayName, type, docs, default: fallback }) =>
                      `| \`${displayName}\` | ${cell(typeText(type))} | ${cell(words(docs, fallback))} |`,
                  ),
                ].join('\n')
              : (method.parameters ?? []).some(({ type }) => typeText(type).includes('](')) &&
                `Options: ${method.parameters
                  .map(({ type }) => typeText(type))
                  .filter((text) => text.includes(']('))
                  .join(', ')}.`,
          ])
          .filter(Boolean),
      ].join('\n\n');
}

function typeText({ formattingPattern, types = [] }) {
  let next = 0;
  const text = formattingPattern.replace(/%/g, () => named(types[next++]));
  return text.includes('](') ? text.replaceAll('<', '&lt;').replaceAll('>', '&gt;') : `\`${text}\``;
}

function named(type) {
  if (type.formattingPattern) {
    return typeText(type).replaceAll('`', '');
  }
  return own.has(type.displayName) ? `[${type.displayName}](./${type.displayName}.md)` : type.displayName;
}

function prose(docs = {}) {
  const deprecated = docs.deprecated && `::: warning Deprecated\n${docs.deprecationReason ?? ''}\n:::`;
  // jsii ends a summary at the first colon or semicolon, too.
  const whole = [docs.summary, docs.remarks].filter(Boolean).join(/[.!?]$/.test(docs.summary ?? '') ? '\n\n' : ' ');
  return [
    deprecated,
    safe(whole),
    docs.links?.length && `See ${docs.links.map((link) => (link.startsWith('http') ? `<${link}>` : link)).join(', ')}.`,
  ]
    .filter(Boolean)
    .join('\n\n');
}

function words(docs = {}, fallback) {
  return [safe(docs.summary ?? ''), docs.remarks && safe(docs.remarks), fallback && `*Default:* ${safe(fallback.replace(/^- /, ''))}.`]
    .filter(Boolean)
    .join(' ');
}

function cell(text) {
  return text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ');
}

/** Angle and curly brackets outside of code would be Vue's. */
function safe(text) {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part.replace(/\{\{/g, '{ {') : part.replaceAll('<', '&lt;').replaceAll('{{', '&#123;&#123;')))
    .join('');
}
