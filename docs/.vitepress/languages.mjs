import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const TABLET = join(import.meta.dirname, '..', '..', '.jsii.tabl.json');
const TITLES = { python: ['Python', 'python'], java: ['Java', 'java'], csharp: ['C#', 'csharp'], go: ['Go', 'go'] };

/** Shows every TypeScript example that has been compiled in the other languages of CDK as well. */
export function languages() {
  const translated = translations();
  return {
    name: 'languages',
    enforce: 'pre',
    transform(source, id) {
      if (id.endsWith('.md')) {
        return source.replace(/^```ts(?![^\n]*\[)[^\n]*\n(.*?)^```$/gms, (block, code) => withTabs(block, code, translated.get(code.trim())));
      }
    },
  };
}

function withTabs(block, code, others) {
  if (others === undefined) {
    return block;
  }
  const tabs = [['TypeScript', 'ts', code.trimEnd()], ...Object.entries(TITLES).map(([language, [title, fence]]) => [title, fence, others[language].source.trimEnd()])];
  return `::: code-group\n${tabs.map(([title, fence, text]) => `\n\`\`\`${fence} [${title}]\n${text}\n\`\`\`\n`).join('')}\n:::`;
}

function translations() {
  if (!existsSync(TABLET)) {
    throw new Error('the examples have not been compiled and translated: run `npm run build` and `npm run docs` first');
  }
  const { snippets } = JSON.parse(readFileSync(TABLET, 'utf8'));
  return new Map(Object.values(snippets).map(({ translations: all }) => [all.$.source.trim(), all]));
}
