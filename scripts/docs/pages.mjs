import { globSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

/** The pages that people write: README and docs, without what is generated. */
export function pages() {
  return [
    join(root, 'README.md'),
    ...globSync('docs/**/*.md', { cwd: root, exclude: ['docs/.vitepress/**', 'docs/reference/**'] })
      .sort()
      .map((page) => join(root, page)),
  ];
}
