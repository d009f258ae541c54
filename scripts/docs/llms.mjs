// Writes llms.txt (a list of the pages, https://llmstxt.org) and llms-full.txt (all that people wrote, in one file) beside the site's
// pages.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pages, root } from './pages.mjs';

const site = join(root, '.cache', 'site');
const documents = pages().filter((page) => !page.endsWith('README.md') && !page.endsWith(join('docs', 'index.md'))).map((page) => {
  const text = readFileSync(page, 'utf8');
  return { path: relative(join(root, 'docs'), page), text, title: /^# (.*)$/m.exec(text)[1] };
});
const { description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

writeFileSync(join(site, 'llms.txt'), `# cdk-model-rollout

> ${description}

${documents.map(({ path, title }) => `- [${title}](/${path.replace(/\.md$/, '')})`).join('\n')}
- [API](/reference/api/)
- [The command](/reference/command/)

All of it in one file: [llms-full.txt](/llms-full.txt)
`);
writeFileSync(
  join(site, 'llms-full.txt'),
  [readFileSync(join(root, 'README.md'), 'utf8'), ...documents.map(({ text }) => text)].join('\n\n'),
);
