import { cpSync, existsSync, lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describePlatform, manylinuxTags, type Platform } from './platform';

/** Lambda's limit for a function and its layers, unzipped. */
const UNZIPPED_BYTES = 250 * 1024 * 1024;
const MB = 1024 * 1024;

/**
 * What the installers write about themselves: tool, time, and where a library came from, which may be a path or an address with a token.
 */
const NOTES = ['INSTALLER', 'REQUESTED', 'direct_url.json', 'uv_cache.json', 'uv_build.json'];

/** Make installed libraries the same whoever installed them, and refuse those that cannot run on the platform. */
export function finishLibraries(folder: string, platform: Platform): void {
  rmSync(join(folder, '.lock'), { force: true });
  // Launchers name the Python of this machine, which is not the one of Lambda.
  rmSync(join(folder, 'bin'), { recursive: true, force: true });
  removeCompiled(folder);
  const problems = unfitting(folder, platform).map((library) => wheelProblem(library, platform));
  if (problems.length > 0) {
    throw new Error(problems.join('; '));
  }
  const infos = readdirSync(folder).filter((name) => name.endsWith('.dist-info'));
  for (const info of infos) {
    NOTES.forEach((name) => rmSync(join(folder, info, name), { force: true }));
    const record = join(folder, info, 'RECORD');
    if (existsSync(record)) {
      const lines = readFileSync(record, 'utf8')
        .split(/\r?\n/)
        .filter((line) => existsSync(join(folder, fileOf(line))) && fileOf(line) !== '');
      writeFileSync(record, `${lines.sort().join('\n')}\n`);
    }
  }
}

/** Compiled modules are of the Python that made them, and have the time of it in them. */
function removeCompiled(folder: string): void {
  for (const { name } of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    if (name === '__pycache__') {
      rmSync(join(folder, name), { recursive: true });
    } else {
      removeCompiled(join(folder, name));
    }
  }
}

/** The file of a line of a RECORD, in quotation marks where its name has a comma. */
function fileOf(line: string): string {
  return line.startsWith('"') ? line.slice(1, line.indexOf('"', 1)) : line.slice(0, line.indexOf(','));
}

/** An installed library with a wheel for other machines. */
interface Unfitting {
  /** Name and version as requirements write them. */
  readonly pin: string;
  /** What it is for. */
  readonly tags: readonly string[];
}

/** The installed libraries that cannot be loaded on the platform. */
export function unfitting(folder: string, platform: Platform): Unfitting[] {
  const fitting = new Set(['any', ...manylinuxTags(platform)]);
  return readdirSync(folder).filter((name) => name.endsWith('.dist-info')).flatMap((info) => {
    const file = join(folder, info, 'WHEEL');
    const tags = existsSync(file)
      ? [...readFileSync(file, 'utf8').matchAll(/^Tag:\s*\S+-(\S+)\s*$/gm)].flatMap(([, tag]) => tag.split('.'))
      : [];
    return tags.length === 0 || tags.some((tag) => fitting.has(tag))
      ? []
      : [{ pin: info.replace('.dist-info', '').replace('-', '=='), tags }];
  });
}

function wheelProblem({ pin, tags }: Unfitting, platform: Platform): string {
  return tags.some((tag) => tag.startsWith('manylinux'))
    ? `${pin} is for ${tags.join(', ')}, but the function runs on ${describePlatform(platform)}; pin an older version`
      + `${platform.glibc < 34 ? ', or choose a runtime from Runtime.PYTHON_3_12 on, which has glibc 2.34' : ''}`
    : withoutWheel(pin, platform);
}

/** What to say, and what can be done, where a library cannot be had for the platform. */
export function withoutWheel(name: string, platform: Platform): string {
  return (
    `there is no wheel of ${name} for ${describePlatform(platform)}, and none can be built without a compiler; choose a version or an `
      + 'architecture that has one, ' +
    'put a wheel of your own into a folder and name it in requirements.txt with --find-links, or use Model.lambdaImage'
  );
}

/** Put libraries beside the model's own files, none of which is ever replaced, hidden or removed. */
export function addLibraries(libraries: string, bundle: string): void {
  const clashes = [...clashesBetween(libraries, bundle)];
  if (clashes.length > 0) {
    const [first] = clashes;
    throw new Error(
      `${clashes
        .slice(0, 5)
        .map((name) => JSON.stringify(name))
        .join(', ')}${clashes.length > 5 ? ` and ${clashes.length - 5} more` : ''} ` +
        `of the model ${clashes.length === 1 ? 'is' : 'are'} also in a library${ownerOf(libraries, first)}; rename what is yours, or `
          + 'leave the library out',
    );
  }
  cpSync(libraries, bundle, { recursive: true });
}

/** Files of both with other contents, and modules of one name of which Python would see only one. */
function* clashesBetween(libraries: string, bundle: string, folder = ''): Generator<string> {
  for (const entry of readdirSync(join(libraries, folder), { withFileTypes: true })) {
    const name = join(folder, entry.name);
    const [theirs, ours] = [join(libraries, name), join(bundle, name)];
    const module = /\.(?:py|so)$/.test(name) ? ours.replace(/(?:\.[\w-]+)*\.(?:py|so)$/, '') : `${ours}.py`;
    if (module !== ours && existsSync(module) && (entry.isDirectory() || lstatSync(module).isDirectory()) && !existsSync(ours)) {
      yield module.slice(bundle.length + 1);
    }
    if (!existsSync(ours)) {
      continue;
    }
    if (entry.isDirectory() && lstatSync(ours).isDirectory()) {
      yield* clashesBetween(libraries, bundle, name);
    } else if (entry.isDirectory() || lstatSync(ours).isDirectory() || !readFileSync(theirs).equals(readFileSync(ours))) {
      yield name;
    }
  }
}

function ownerOf(libraries: string, file: string): string {
  const info = readdirSync(libraries).filter((name) => name.endsWith('.dist-info')).find((name) => {
    const record = join(libraries, name, 'RECORD');
    const start = file.replaceAll('\\', '/').replace(/\.py$/, '');
    return existsSync(record) && readFileSync(record, 'utf8').split('\n').some((line) => fileOf(line).startsWith(start));
  });
  return info === undefined ? '' : ` (${info.replace('.dist-info', '').replace('-', ' ')})`;
}

/** Refuse what Lambda would refuse, with what takes the room. */
export function checkSize(name: string, bundle: string): void {
  const parts = readdirSync(bundle).map((part) => ({ part, bytes: sizeOf(join(bundle, part)) })).sort((a, b) => b.bytes - a.bytes);
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  if (bytes > UNZIPPED_BYTES) {
    const largest = parts.slice(0, 3).map(({ part, bytes: size }) => `${part} ${Math.ceil(size / MB)} MB`).join(', ');
    throw new Error(
      `${name} takes ${Math.ceil(bytes / MB)} MB with its libraries (the largest: ${largest}), but Lambda allows 250 MB unzipped; `
        + 'use Model.lambdaImage, which allows 10 GB, or fewer libraries',
    );
  }
}

function sizeOf(path: string): number {
  const entry = lstatSync(path);
  return entry.isDirectory() ? readdirSync(path).reduce((bytes, name) => bytes + sizeOf(join(path, name)), 0) : entry.size;
}
