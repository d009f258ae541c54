import { join } from 'node:path';

/**
 * A handler bundled when the package was built. `lib` and the compiled `build` stand beside `assets`, so the path is the same
 * from the sources and from the package.
 */
export function assetPath(name: string): string {
  return join(__dirname, '..', '..', 'assets', name);
}
