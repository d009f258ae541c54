import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { requirementsOn } from './markers';
import { describePlatform, type Platform } from './platform';
import { parseRequirements, readRequirements, type Requirements } from './requirements';
import { run } from './run';
import { lastLines, poetry, type Tool, uv } from './tools';

const NONE: Requirements = { lines: [], constraints: [], locals: [], named: [], problems: [] };

/** What a folder says about its libraries: requirements.txt, else the lock file of a project, else nothing. */
export function dependenciesOf(folder: string, platform: Platform): Requirements {
  const has = (name: string): boolean => existsSync(join(folder, name));
  if (has('requirements.txt')) {
    return readRequirements(join(folder, 'requirements.txt'), folder);
  }
  for (const [file, reader] of Object.entries(LOCKS)) {
    if (has(file)) {
      return locked(folder, file, reader, platform);
    }
  }
  const instead = 'is not read here; ';
  for (const [name, remedy] of UNREAD) {
    if (has(name)) {
      return failing(`${join(folder, name)} ${instead}${remedy}`);
    }
  }
  const project = has('pyproject.toml') ? readFileSync(join(folder, 'pyproject.toml'), 'utf8') : '';
  if (/^\s*dependencies\s*=\s*\[\s*[^\]\s]|^\[tool\.poetry\.dependencies\]|^\s*dynamic\s*=.*"dependencies"/m.test(project)) {
    return failing(
      `${join(folder, 'pyproject.toml')} names libraries, but there is no uv.lock or poetry.lock with their versions; write it with `
        + '"uv lock" or "poetry lock", or a requirements.txt beside it',
    );
  }
  return NONE;
}

/** Other files that name libraries, and how to come to one that is read. */
const UNREAD: readonly [name: string, remedy: string][] = [
  ['pylock.toml', 'write requirements.txt, or uv.lock with "uv lock"'],
  ['Pipfile', 'write requirements.txt with "pipenv requirements > requirements.txt"'],
  ['environment.yml', 'write requirements.txt: Lambda has no conda'],
  ['environment.yaml', 'write requirements.txt: Lambda has no conda'],
  ['setup.py', 'write requirements.txt with the line "." to install the project'],
];

/** A tool that says what its lock file means, as a list of requirements with hashes and markers. */
interface LockReader {
  readonly name: string;
  readonly find: () => Tool;
  readonly export: (folder: string) => readonly string[];
  /** What the user can do where the tool is not to be had. */
  readonly byHand: string;
}

/** Each file is taken as it is, never resolved anew; Poetry refuses one that its pyproject.toml has left behind. */
const LOCKS: { readonly [file: string]: LockReader } = {
  'uv.lock': {
    name: 'uv',
    find: uv,
    export: (folder) => [
      'export',
      '--frozen',
      '--no-dev',
      '--no-header',
      '--no-annotate',
      '--emit-index-url',
      '--emit-find-links',
      '--quiet',
      '--project',
      folder,
    ],
    byHand: 'uv export --output-file requirements.txt',
  },
  'poetry.lock': {
    name: 'Poetry',
    find: poetry,
    export: (folder) => ['export', '--directory', folder, '--format', 'requirements.txt'],
    byHand: 'poetry export --output requirements.txt',
  },
};

function locked(folder: string, file: string, { name, find, export: args, byHand }: LockReader, platform: Platform): Requirements {
  const path = join(folder, file);
  const tool = find();
  if ('lacking' in tool) {
    return failing(`${path} needs uv to be read: ${tool.lacking}; install uv, or write requirements.txt with "${byHand}"`);
  }
  const { ok, output, said } = run([...tool.command, ...args(folder)], { cwd: folder, env: tool.env });
  if (!ok) {
    return failing(`${name} could not read ${path}: ${lastLines(said)}`);
  }
  const requirements = parseRequirements(output, path, folder);
  // Poetry writes the project's own range of Pythons into every marker: outside of it nothing would be installed, without a word.
  return requirements.named.length > 0 && requirementsOn(platform, requirements.named).length === 0
    ? failing(
        `none of the libraries in ${path} is for ${describePlatform(platform)}; allow that in pyproject.toml and lock again, or choose `
          + 'another runtime',
      )
    : requirements;
}

function failing(problem: string): Requirements {
  return { ...NONE, problems: [problem] };
}
