// Compiles every TypeScript example of README, docs and docstrings against the library, and translates it into the other languages of CDK:
// jsii-rosetta does both for what an assembly's README holds, so it gets one that holds all pages. Writes `.jsii.tabl.json`.
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pages, root } from './pages.mjs';

const cache = join(root, '.cache', 'docs-examples');
rmSync(cache, { recursive: true, force: true });
mkdirSync(cache, { recursive: true });

const assembly = JSON.parse(readFileSync(join(root, '.jsii'), 'utf8'));
// A heading names the page: rosetta says in which section of the README an example does not compile.
const markdown = pages()
  .map((page) => `\n# ${relative(root, page)}\n\n${readFileSync(page, 'utf8').replace(/^---\n.*?\n---\n/s, '')}`)
  .join('\n');
writeFileSync(join(cache, '.jsii'), JSON.stringify({ ...assembly, readme: { markdown } }));
copyFileSync(join(root, 'package.json'), join(cache, 'package.json'));
cpSync(join(root, 'rosetta'), join(cache, 'rosetta'), { recursive: true });
for (const folder of ['build', 'node_modules']) {
  symlinkSync(join(root, folder), join(cache, folder));
}
execFileSync(join(root, 'node_modules', '.bin', 'jsii-rosetta'), ['extract', '--compile', '--strict'], { cwd: cache, stdio: 'inherit' });
copyFileSync(join(cache, '.jsii.tabl.json'), join(root, '.jsii.tabl.json'));
