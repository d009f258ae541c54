import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FileSystem } from 'aws-cdk-lib/core';
import { projectFiles } from './left-out';
import { withoutCredentials } from './run';

/** A folder or file of this machine that is installed, or searched for wheels. */
export interface LocalInput {
  readonly path: string;
  /** Whether it must be built, which a wheel and a folder with wheels need not. */
  readonly source: boolean;
  /** Where the lines expect it, relative to where they are installed from. */
  readonly staged: string;
}

/** A requirement, and the environment marker that says where it counts. */
export interface NamedRequirement {
  readonly requirement: string;
  readonly marker?: string;
  /** Whether it names exactly one version. */
  readonly pinned: boolean;
}

/** What a requirements file asks for, with all that it refers to, as one list that means the same to uv and pip, on any machine. */
export interface Requirements {
  readonly lines: readonly string[];
  readonly constraints: readonly string[];
  readonly locals: readonly LocalInput[];
  /** What is to be installed, one by one. */
  readonly named: readonly NamedRequirement[];
  readonly problems: readonly string[];
}

/** Read a requirements file. As with pip, what it refers to by -r and -c is beside it; paths to install are relative to `folder`. */
export function readRequirements(file: string, folder: string): Requirements {
  return parseRequirements(readText(file), file, folder);
}

export function parseRequirements(text: string, file: string, folder: string): Requirements {
  const reader = new Reader(folder);
  reader.read(text, file, reader.lines);
  return reader;
}

/** What counts of them in a version: the lines and the contents behind them, but no path of this machine and no token of an index. */
export function requirementsIdentity({ lines, constraints, locals }: Requirements): unknown {
  return {
    lines: lines.map(withoutCredentials),
    constraints: constraints.map(withoutCredentials),
    contents: locals.map(({ path }) => FileSystem.fingerprint(path, statSync(path).isDirectory() ? projectFiles(path) : {})),
  };
}

const OPTION = /^(-[rcef]|--requirement|--constraint|--editable|--find-links)(?:\s*=\s*|\s*)(.+)$/;
const PROJECT_FILES = ['pyproject.toml', 'setup.py', 'setup.cfg'];

class Reader implements Requirements {
  readonly lines: string[] = [];
  readonly constraints: string[] = [];
  readonly locals: LocalInput[] = [];
  readonly named: NamedRequirement[] = [];
  readonly problems: string[] = [];
  private readonly seen = new Set<string>();

  constructor(private readonly folder: string) {}

  read(text: string, file: string, into: string[]): void {
    for (const line of logicalLines(text)) {
      const [, option, value] = OPTION.exec(line) ?? [];
      switch (option?.replace(/^--?(.).*$/, '$1')) {
        case 'r':
          this.follow(value, file, into);
          break;
        case 'c':
          this.follow(value, file, this.constraints);
          break;
        case 'f':
          into.push(`--find-links ${this.findLinks(value, file)}`);
          break;
        case 'e':
          // Nothing can be edited on Lambda: a project is installed as it is.
          this.require(value, file, into);
          break;
        default:
          if (line.startsWith('-')) {
            into.push(line);
          } else {
            this.require(line, file, into);
          }
      }
    }
  }

  private follow(value: string, from: string, into: string[]): void {
    const name = expand(value);
    if (/^https?:/i.test(name)) {
      this.problems.push(
        `${from} refers to ${withoutCredentials(name)}, whose content may change without a change here; save it beside the file and `
          + 'refer to that',
      );
      return;
    }
    const file = resolve(dirname(from), name);
    if (!existsSync(file)) {
      this.problems.push(`${from} refers to ${JSON.stringify(name)}, but there is no file ${file}; name one that is there`);
    } else if (!this.seen.has(file)) {
      this.seen.add(file);
      this.read(readText(file), file, into);
    }
  }

  private findLinks(value: string, from: string): string {
    const local = localPath(value, dirname(from));
    return local === undefined ? value : this.stage(local, from, false) ?? value;
  }

  private require(line: string, from: string, into: string[]): void {
    const [requirement, marker] = split(line);
    const target = /^[\w.-]+(?:\[[^\]]*\])?\s*@\s*(.+)$/.exec(requirement)?.[1] ?? requirement;
    const [, place, extras = ''] = /^(.*?)(\[[\w\s,.-]*\])?$/.exec(target) ?? [];
    const local = localPath(place, this.folder);
    if (local === undefined) {
      into.push(line);
      if (into === this.lines) {
        this.named.push({ requirement, marker, pinned: isPinned(requirement, line) });
      }
      return;
    }
    if (existsSync(local) && statSync(local).isDirectory() && !PROJECT_FILES.some((name) => existsSync(join(local, name)))) {
      this.problems.push(
        `${from} asks for ${JSON.stringify(place)}, but ${local} has neither pyproject.toml nor setup.py; paths are relative to `
          + `${this.folder}`,
      );
      return;
    }
    const staged = this.stage(local, from, !local.endsWith('.whl'));
    if (staged !== undefined) {
      into.push(`${staged}${extras}${marker === undefined ? '' : ` ; ${marker}`}`);
      this.named.push({ requirement, marker, pinned: true });
    }
  }

  private stage(path: string, from: string, source: boolean): string | undefined {
    if (!existsSync(path)) {
      this.problems.push(`${from} asks for ${relative(this.folder, path)}, but there is no ${path}; paths are relative to ${this.folder}`);
      return undefined;
    }
    // The name of a wheel says what it is, and must stay.
    const staged = `./local/${this.locals.length}/${basename(path)}`;
    this.locals.push({ path, source, staged });
    return staged;
  }
}

/** The text of a file in the encodings that pip reads. */
function readText(file: string): string {
  const bytes = readFileSync(file);
  const encoding = { fffe: 'utf-16le', feff: 'utf-16be' }[bytes.subarray(0, 2).toString('hex')] ?? 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

function logicalLines(text: string): string[] {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.replace(/(?:^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** A requirement without its options, and its environment marker. */
function split(line: string): [requirement: string, marker: string | undefined] {
  const [text] = line.split(/\s--?\w/, 1);
  // In a URL only a semicolon with a space is one.
  const at = text.search(/:\/\/|^[./]/.test(text) ? /\s;|;\s/ : /;/);
  return at < 0 ? [text.trim(), undefined] : [text.slice(0, at).trim(), text.slice(at).replace(/^[\s;]+/, '').trim()];
}

function isPinned(requirement: string, line: string): boolean {
  return /===?\s*[^=*,]+$/.test(requirement) || /\s--hash[=\s]/.test(line) || /@.*(?:#sha256=|@[0-9a-f]{40}\b)/.test(requirement);
}

/** The place on this machine that is meant, undefined for a name or an address. */
function localPath(text: string, folder: string): string | undefined {
  const place = expand(text);
  if (/^file:\/\//i.test(place)) {
    return fileURLToPath(place);
  }
  if (/^[\w+]{2,}:/.test(place)) {
    return undefined;
  }
  const path = resolve(folder, place.replace(/^file:/, ''));
  return /^(?:\.|[/\\]|[A-Za-z]:[/\\])/.test(place) || /\.(?:whl|zip|tar\.gz)$/.test(place) || (/[/\\]/.test(place) && existsSync(path))
    ? path
    : undefined;
}

/** As pip does, with variables in capitals. */
function expand(text: string): string {
  return text.replace(/\$\{([A-Z0-9_]+)\}/g, (whole, name: string) => process.env[name] ?? whole);
}
