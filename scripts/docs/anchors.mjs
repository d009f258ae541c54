// Fails where a link of the built site leads to a heading that is not there; vitepress itself looks at pages only.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './pages.mjs';

const site = join(root, '.cache', 'site');
const pages = new Map(
  globSync('**/*.html', { cwd: site }).map((file) => [
    `/${file.replaceAll('\\', '/').replace(/\.html$/, '').replace(/(^|\/)index$/, '$1')}`, readFileSync(join(site, file), 'utf8'),
  ]),
);
const ids = new Map([...pages].map(([page, html]) => [page, new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))]));
const broken = [...pages].flatMap(([page, html]) =>
  [...html.matchAll(/ href="([^":]*#[^"]+)"/g)].flatMap(([, href]) => {
    const { pathname, hash } = new URL(href, `https://site${page}`);
    const there = ids.get(pathname.replace(/\.html$/, ''));
    return there === undefined || there.has(decodeURIComponent(hash.slice(1))) ? [] : [`${page}: ${href}`];
  }),
);
if (broken.length > 0) {
  console.error(`links to headings that are not there:\n${[...new Set(broken)].join('\n')}`);
  process.exit(1);
}
