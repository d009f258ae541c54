import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseRequirements, readRequirements, type Requirements } from './requirements';
import { run } from './run';
import { lastLines, uv } from './tools';

const NONE: Requirements = { lines: [], constraints: [], locals: [], loose: [], problems: [] };

/** What a folder says about its libraries: requirements.txt, else the lock file of a project, else nothing. */
export function dependenciesOf(folder: string): Requirements {
  const has = (name: string): boolean => existsSync(join(folder, name));
  if (has('requirements.txt')) {
    return readRequirements(join(folder, 'requirements.txt'), folder);
  }
  if (has('uv.lock')) {
    return lockedByUv(folder);
  }
  const instead = 'is not read here; ';
  for (const [name, remedy] of UNREAD) {
    if (has(name)) {
      return failing(`${join(folder, name)} ${instead}${remedy}`);
    }
  }
  const project = has('pyproject.toml') ? readFileSync(join(folder, 'pyproject.toml'), 'utf8') : '';
  if (/^\s*dependencies\s*=\s*\[\s*[^\]\s]|^\[tool\.poetry\.dependencies\]|^\s*dynamic\s*=.*"dependencies"/m.test(project)) {
    return failing(`${join(folder, 'pyproject.toml')} names libraries, but there is no uv.lock with their versions; write it with "uv lock", or a requirements.txt beside it`);
  }
  return NONE;
}

/** Other files that name libraries, and how to come to one that is read. */
const UNREAD: readonly [name: string, remedy: string][] = [
  ['poetry.lock', 'write requirements.txt with "poetry export --output requirements.txt" (plugin poetry-plugin-export)'],
  ['pylock.toml', 'write requirements.txt, or uv.lock with "uv lock"'],
  ['Pipfile', 'write requirements.txt with "pipenv requirements > requirements.txt"'],
  ['environment.yml', 'write requirements.txt: Lambda has no conda'],
  ['environment.yaml', 'write requirements.txt: Lambda has no conda'],
  ['setup.py', 'write requirements.txt with the line "." to install the project'],
];

/** uv says what its lock file means, markers and all. The file is taken as it is, never resolved anew. */
function lockedByUv(folder: string): Requirements {
  const tool = uv();
  if ('lacking' in tool) {
    return failing(`${join(folder, 'uv.lock')} needs uv to be read: ${tool.lacking}; install uv, or write requirements.txt with "uv export --output-file requirements.txt"`);
  }
  const { ok, output, said } = run([...tool.command, 'export', '--frozen', '--no-dev', '--no-header', '--no-annotate', '--emit-index-url', '--emit-find-links', '--quiet', '--project', folder], { cwd: folder });
  return ok
    ? parseRequirements(output, join(folder, 'uv.lock'), folder)
    : failing(`uv could not read ${join(folder, 'uv.lock')}: ${lastLines(said)}`);
}

function failing(problem: string): Requirements {
  return { ...NONE, problems: [problem] };
}
