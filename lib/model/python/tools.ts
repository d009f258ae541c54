import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from './run';

/** The uv that is fetched where there is none. */
const UV = '0.13.9';
/** What reads the lock files of Poetry, those of older versions too. */
const POETRY = ['poetry==2.5.1', 'poetry-plugin-export==1.10.1'] as const;

/** A Python of this machine. */
export interface Python {
  readonly command: readonly string[];
  /** Such as `[3, 13]`. */
  readonly version: readonly [number, number];
  /** What decides the environment markers of requirements, as `platformOf` names it. */
  readonly system: string;
  readonly machine: string;
}

/** A program that installs. */
export interface Ready {
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** A program that installs, or why it cannot be used. */
export type Tool = Ready | { readonly lacking: string };

/** What is on a machine does not change while an app is synthesized, as long as one looks in the same places. */
const found = new Map<string, unknown>();

function once<T>(key: string, find: () => T): T {
  const name = JSON.stringify([key, process.env.PATH, process.env.XDG_CACHE_HOME, process.env.CDK_DOCKER]);
  if (!found.has(name)) {
    found.set(name, find());
  }
  return found.get(name) as T;
}

/** The Pythons of this machine: the one of a version if that has a name of its own, and the default one. */
export function pythons(version: string): readonly Python[] {
  return [[`python${version}`], ['python3'], ['python'], ...(process.platform === 'win32' ? [['py', '-3']] : [])].flatMap((command) => {
    const python = once(command.join(' '), () => {
      const { ok, output } = run([
        ...command,
        '-c',
        'import json, platform, sys; print(json.dumps([sys.version_info[:2], sys.platform, platform.machine()]))',
      ]);
      if (!ok) {
        return undefined;
      }
      const [found, system, machine] = JSON.parse(output) as [[number, number], string, string];
      return { command, version: found, system, machine } satisfies Python;
    });
    return python === undefined ? [] : [python];
  });
}

/** uv from the path, as a module of Python, or fetched once into a cache of the user. */
export function uv(): Tool {
  return once('uv', () => {
    const python = pythons('3').find(({ command }) => run([...command, '-m', 'pip', '--version']).ok);
    const env = settingsOfPip(python?.command);
    const candidates = [['uv'], ...(python === undefined ? [] : [[...python.command, '-m', 'uv']])];
    const command = candidates.find((candidate) => run([...candidate, '--version']).ok);
    if (command !== undefined) {
      return { command, env };
    }
    if (python === undefined) {
      return { lacking: 'uv is not installed, and there is no Python with pip to fetch it' };
    }
    const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'cdk-model-rollout', `uv-${UV}`);
    const fetched = [join(cache, 'bin', process.platform === 'win32' ? 'uv.exe' : 'uv')];
    if (run([...fetched, '--version']).ok) {
      return { command: fetched, env };
    }
    const { said } = run([...python.command, ...PIP, 'install', '--quiet', '--retries', '1', '--upgrade', '--target', cache, `uv==${UV}`], {
      env: PIP_ENV,
    });
    return run([...fetched, '--version']).ok
      ? { command: fetched, env }
      : { lacking: `uv is not installed, and pip could not fetch it: ${lastLines(said)}` };
  });
}

/** Poetry with the plugin that exports, always the same ones, in an environment of their own that uv keeps in its cache. */
export function poetry(): Tool {
  const tool = uv();
  return 'lacking' in tool ? tool : {
    command: [...tool.command, 'tool', 'run', '--quiet', '--from', POETRY[0], '--with', POETRY[1], 'poetry', '--no-interaction'],
    env: { ...tool.env, POETRY_VIRTUALENVS_CREATE: 'false' },
  };
}

/** pip of a Python in which requirements mean what they mean on Lambda: pip takes their markers from the Python that it runs in. */
export function pip(version: string, machine: string): Tool {
  const all = pythons(version);
  const python = all.find(
    (candidate) => candidate.version.join('.') === version && candidate.system === 'linux' && candidate.machine === machine,
  );
  if (python === undefined) {
    return {
      lacking: all.length === 0
        ? 'there is no Python'
        : `pip of Python ${all[0].version.join('.')} here cannot choose for Python ${version} on ${machine} Linux, only uv can`,
    };
  }
  return run([...python.command, '-m', 'pip', '--version']).ok
    ? { command: [...python.command, ...PIP], env: PIP_ENV }
    : { lacking: `${python.command.join(' ')} has no pip` };
}

export function docker(): Tool {
  return once('docker', () => {
    const command = process.env.CDK_DOCKER ?? 'docker';
    const { ok, said } = run([command, 'info']);
    return ok
      ? { command: [command], env: {} }
      : { lacking: /ENOENT/.test(said) ? 'Docker is not installed' : `Docker does not run: ${lastLines(said)}` };
  });
}

export function lastLines(text: string, count = 3): string {
  return text.trim().split('\n').slice(-count).map((line) => line.trim()).join(' ');
}

const PIP = ['-m', 'pip', '--disable-pip-version-check', '--no-input'];
/** Settings that are for a developer's own environment; that of the indexes stays as it is. */
const PIP_ENV = { PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0', PIP_TARGET: '', PIP_PREFIX: '', PIP_ROOT: '' };

/**
 * Where pip looks for libraries and whom it trusts, said to uv, which does not read pip's settings. What is said to uv itself comes first.
 */
function settingsOfPip(python: readonly string[] | undefined): NodeJS.ProcessEnv {
  const listed = python === undefined ? '' : run([...python, '-m', 'pip', 'config', 'list']).output;
  const settings = new Map<string, string>();
  for (const [, where, name, value] of listed.matchAll(/^(:env:|global|site|user|install)\.([\w-]+)='(.*)'$/gm)) {
    if (where === ':env:' || !settings.has(name)) {
      settings.set(name, value.replaceAll('\\n', ' ').trim());
    }
  }
  const of = (name: string): string | undefined => settings.get(name) ?? process.env[`PIP_${name.toUpperCase().replaceAll('-', '_')}`];
  const env: NodeJS.ProcessEnv = {
    UV_DEFAULT_INDEX: process.env.UV_INDEX_URL === undefined ? of('index-url') : undefined,
    UV_INDEX: process.env.UV_EXTRA_INDEX_URL === undefined ? of('extra-index-url') : undefined,
    UV_FIND_LINKS: of('find-links')?.replaceAll(' ', ','),
    UV_INSECURE_HOST: of('trusted-host'),
    SSL_CERT_FILE: of('cert'),
    // As pip does: the best version of all indexes.
    UV_INDEX_STRATEGY: 'unsafe-best-match',
  };
  return Object.fromEntries(Object.entries(env).filter(([name, value]) => value !== undefined && process.env[name] === undefined));
}
