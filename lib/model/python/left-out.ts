import { existsSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { type FileCopyOptions, IgnoreMode } from 'aws-cdk-lib/core';

/** What tools leave behind, wherever it is. It is no part of a model, and changes from run to run. */
const LEFTOVERS = [
  '__pycache__/',
  '*.py[cod]',
  '.pytest_cache/',
  '.mypy_cache/',
  '.ruff_cache/',
  '.hypothesis/',
  '.ipynb_checkpoints/',
  '.cache/',
  '.tox/',
  '.nox/',
  '.coverage',
  '.coverage.*',
  'htmlcov/',
  '*.egg-info/',
  '.eggs/',
  '.git',
  '.gitignore',
  '.gitattributes',
  '.hg/',
  '.svn/',
  '.idea/',
  '.vscode/',
  '.direnv/',
  '.DS_Store',
  'Thumbs.db',
  'desktop.ini',
  '*~',
  '\\#*#',
  '.#*',
  '*.swp',
  'node_modules/',
  'cdk.out/',
  '.venv/',
];

/** What may hold credentials, and nothing that a model reads. */
const CREDENTIALS = [
  '.env',
  '.env.*',
  '.envrc',
  '.netrc',
  '_netrc',
  '.npmrc',
  '.pypirc',
  'pip.conf',
  'pip.ini',
  'uv.toml',
  '.aws/',
  '.ssh/',
];

/** What says which libraries to install: read at synthesis. It may name an index with a token, so it stays here. */
const DEPENDENCIES = [
  'requirements*.txt',
  'requirements*.in',
  'constraints*.txt',
  'pyproject.toml',
  'uv.lock',
  'poetry.lock',
  'pylock*.toml',
  'Pipfile',
  'Pipfile.lock',
  'environment.yml',
  'environment.yaml',
  '.python-version',
];

/** Folders with many files that are left out anyway. */
const UNSEARCHED = ['.git', '.venv', 'node_modules', 'cdk.out', '__pycache__'];

/** The files of a Python project: all that its own build may need. */
export function projectFiles(folder: string): FileCopyOptions {
  return { exclude: [...LEFTOVERS, ...CREDENTIALS, ...virtualEnvironments(folder)], ignoreMode: IgnoreMode.GIT };
}

/** The files of a model: what is copied and what counts in its version are the same. The user's own patterns come last, and so win. */
export function modelFiles(folder: string, exclude: readonly string[]): FileCopyOptions {
  const { exclude: left = [], ignoreMode } = projectFiles(folder);
  return { exclude: [...left, ...DEPENDENCIES, ...exclude], ignoreMode };
}

/** Patterns of the virtual environments in a folder: they may have any name, but venv, virtualenv, uv and conda mark their folder. */
function virtualEnvironments(root: string, folder = root): string[] {
  // Links are no folders here, and not followed: they may lead in a circle.
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !UNSEARCHED.includes(entry.name));
  return folders.flatMap(({ name }) => {
    const path = join(folder, name);
    return existsSync(join(path, 'pyvenv.cfg')) || existsSync(join(path, 'conda-meta'))
      ? [`/${relative(root, path).split(sep).join('/').replace(/[[\]*?! \\]/g, '\\$&')}/`]
      : virtualEnvironments(root, path);
  });
}
