import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `scripts/bundle.mjs` makes for the browser: the pages' scripts and their style. */
export type Built = 'report.js' | 'report.css' | 'watch.js' | 'watch.css';

/** Beside the command's bundle, or, where this runs from its sources, where that would be. */
const FOLDER = [join(__dirname, 'page'), join(__dirname, '..', 'assets', 'cli', 'page')];

export function built(name: Built): string {
  return readFileSync(join(FOLDER.find(existsSync) ?? FOLDER[1], name), 'utf8');
}
