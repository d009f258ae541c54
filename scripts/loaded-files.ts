import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The files that importing a bundle loads: itself, and what it imports in turn, but not what it imports only when needed. */
export function loadedFiles(bundle: string): string[] {
  const files = new Set([bundle]);
  for (const file of files) {
    for (const [, name] of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*"(\.\/[\w-]+\.mjs)"/g)) {
      files.add(join(dirname(file), name));
    }
  }
  return [...files];
}
