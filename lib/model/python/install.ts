import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { FileSystem } from 'aws-cdk-lib/core';
import { projectFiles } from './left-out';
import { unfitting, withoutWheel } from './libraries';
import { describePlatform, manylinuxTags, type Platform } from './platform';
import type { LocalInput, Requirements } from './requirements';
import { run, type Run } from './run';
import { docker, lastLines, pip, type Ready, type Tool, uv } from './tools';

/**
 * Install libraries for a platform into an empty folder, with uv, else pip, else pip in AWS's build image. All get the same list with
 * the same copies of local projects, and give the same files or an error.
 */
export function install(requirements: Requirements, platform: Platform, target: string): void {
  const stage = mkdtempSync(join(tmpdir(), 'python-stage-'));
  try {
    const installer = choose(platform, stage, target);
    const names = requirements.locals.map((local) => prepare(local, installer, platform, stage));
    const lines = requirements.lines.map((line) =>
      requirements.locals.reduce(
        (text, { staged }, i) =>
          text === staged || text.startsWith(`${staged}[`) || text.startsWith(`${staged} `) ? names[i] + text.slice(staged.length) : text,
        line,
      ),
    );
    writeFileSync(join(stage, 'requirements.txt'), `${lines.join('\n')}\n`);
    writeFileSync(join(stage, 'constraints.txt'), `${requirements.constraints.join('\n')}\n`);
    installer.install();
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** One of the three ways to install, in a folder with requirements.txt and constraints.txt. */
interface Installer {
  /** Make a wheel of a project or source distribution; both paths are relative to the folder. */
  build(source: string, wheels: string): void;
  install(): void;
}

function choose(platform: Platform, stage: string, target: string): Installer {
  const reasons: string[] = [];
  for (const [find, installer] of [
    [uv, withUv],
    [() => pip(platform.python, platform.machine), withPip],
    [docker, withDocker],
  ] as [() => Tool, typeof withUv][]) {
    const tool = find();
    if (!('lacking' in tool)) {
      return installer(tool, platform, stage, target);
    }
    reasons.push(tool.lacking);
  }
  throw new Error(
    `nothing here can install libraries for ${describePlatform(platform)}: ${reasons.join('; ')}; install uv, or Python with pip, or `
      + 'start Docker',
  );
}

/** Copy what is local, because building in a folder changes it, and build what must be built; returns where it is then. */
function prepare({ path, source, staged }: LocalInput, installer: Installer, platform: Platform, stage: string): string {
  const copy = join(stage, staged);
  mkdirSync(dirname(copy), { recursive: true });
  if (statSync(path).isDirectory()) {
    mkdirSync(copy);
    FileSystem.copyDirectory(path, copy, projectFiles(path));
  } else {
    cpSync(path, copy);
  }
  if (!source) {
    return staged;
  }
  const wheels = `${dirname(staged)}/wheel`;
  installer.build(staged, wheels);
  const wheel = readdirSync(join(stage, wheels)).find((name) => name.endsWith('.whl'))!;
  const [name, version] = wheel.split('-');
  if (!wheel.endsWith('-any.whl')) {
    throw new Error(withoutWheel(`${name}==${version}`, platform));
  }
  return `${wheels}/${wheel}`;
}

/** What is built here is not built for Lambda, so only what needs no compiler can be: without one, the rest fails at once. */
const NO_COMPILER = { CC: 'false', CXX: 'false', FC: 'false' };
const LISTS = ['--requirement', 'requirements.txt', '--constraint', 'constraints.txt'];

const withUv = ({ command, env }: Ready, platform: Platform, stage: string, target: string): Installer => {
  const uvPip = (glibc: number, ...args: string[]): Run => run([
    ...command, 'pip', 'install', '--quiet', '--target', target, '--python-version', platform.python,
    '--python-platform', `${platform.machine}-manylinux_2_${glibc}`, ...args,
  ], { cwd: stage, env: { ...env, ...NO_COMPILER } });
  const wheels = ['--only-binary', ':all:'];
  return {
    build(source, folder) {
      check(
        'uv',
        run([...command, 'build', '--quiet', '--wheel', '--out-dir', folder, source], { cwd: stage, env: { ...env, ...NO_COMPILER } }),
        platform,
      );
    },
    install() {
      const [glibc, newer] = platform.glibc < 28 ? [17, 28] : [platform.glibc];
      let result = uvPip(glibc, ...LISTS, ...wheels);
      if (newer !== undefined && !result.ok && !UNREACHABLE.test(result.said)) {
        // uv knows no platform between glibc 2.17 and 2.28: take the newer one, and of what is too new the wheel for the older one.
        result = uvPip(newer, ...LISTS, ...wheels);
        const pins = result.ok ? unfitting(target, platform).map(({ pin }) => pin) : [];
        if (pins.length > 0) {
          uvPip(glibc, '--no-deps', '--reinstall', ...wheels, ...pins);
        }
      }
      if (SOURCE_ONLY.test(result.said)) {
        const built = uvPip(newer ?? glibc, ...LISTS);
        result = built.ok || !BUILD_FAILED.test(built.said) ? built : result;
      }
      check('uv', result, platform);
    },
  };
};

const withPip = ({ command, env }: Ready, platform: Platform, stage: string, target: string): Installer => ({
  build(source, wheels) {
    check(
      'pip',
      run([...command, 'wheel', '--quiet', '--no-deps', '--wheel-dir', wheels, source], { cwd: stage, env: { ...env, ...NO_COMPILER } }),
      platform,
    );
  },
  install() {
    check('pip', run([
      ...command, 'install', '--quiet', '--no-compile', '--no-warn-conflicts', '--target', target, ...LISTS,
      '--only-binary', ':all:', '--implementation', 'cp', '--python-version', platform.python,
      ...manylinuxTags(platform).flatMap((tag) => ['--platform', tag]),
    ], { cwd: stage, env }), platform);
  },
});

const withDocker = ({ command }: Ready, platform: Platform, stage: string, target: string): Installer => {
  const { uid, gid } = userInfo();
  const settings = Object.keys(process.env).filter((name) => /^PIP_(?:INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST)$/.test(name));
  const container = (...args: string[]): Run => run([
    ...command, 'run', '--rm', '--platform', platform.docker, ...(uid < 0 ? [] : ['--user', `${uid}:${gid}`]),
    ...['HOME=/tmp', 'CC=false', 'CXX=false', 'FC=false', ...settings].flatMap((variable) => ['--env', variable]),
    '--volume', `${stage}:/stage`, '--volume', `${target}:/target`, '--workdir', '/stage', '--entrypoint', 'python3', platform.image,
    '-m', 'pip', '--disable-pip-version-check', '--no-input', ...args,
  ]);
  return {
    build(source, wheels) {
      check('pip in Docker', container('wheel', '--quiet', '--no-deps', '--wheel-dir', wheels, source), platform);
    },
    install() {
      const lists = ['install', '--quiet', '--no-compile', '--no-warn-conflicts', '--target', '/target', ...LISTS];
      const result = container(...lists, '--only-binary', ':all:');
      check('pip in Docker', result.ok || UNREACHABLE.test(result.said) ? result : container(...lists), platform);
    },
  };
};

const UNREACHABLE =
  /error sending request|client error \(Connect\)|dns error|Failed to establish a new connection|NewConnectionError|Connection refused|Retrying \(Retry/i;
/** uv's words for a library of which there is no wheel for any platform. */
const SOURCE_ONLY = /has no usable wheels/;
const BUILD_FAILED = /Failed to build|failed to build|build backend|Build failures/;

/** Fail unless it went well, in the words of what can be done about it. */
function check(tool: string, { ok, said }: Run, platform: Platform): void {
  // pip passes over an index that does not answer, and takes what the others have.
  if (UNREACHABLE.test(said)) {
    const address = /https?:\/\/[^\s)'",]+/.exec(said)?.[0];
    throw new Error(
      `${tool} cannot reach the package index${address === undefined ? '' : ` (${address})`}; check the network, the proxy and the `
        + 'index that is configured',
    );
  }
  if (!ok) {
    const missing =
      /Because (?:only )?([\w.-]+(?:==[\w.+!-]+)?) (?:has|have) no (?:usable )?wheels|\(from versions: (?!none).*\n?.*No matching distribution found for (\S+)/.exec(
        said,
      );
    throw missing === null
      ? new Error(`${tool} could not install the libraries: ${lastLines(said, 4)}`)
      : new Error(withoutWheel(missing[1] ?? missing[2], platform));
  }
}
