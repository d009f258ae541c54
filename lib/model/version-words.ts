import { createHash } from 'node:crypto';
import { STANDS_FOR, TEXT } from './identity';

/** What makes a version what it is, for people who compare it with another: texts by their names, in groups. */
export interface VersionWords {
  readonly [member: string]: string | VersionWords;
}

const UNITS: { readonly [member: string]: string } = {
  memory: 'MiB',
  storage: 'MiB',
  volume: 'GiB',
  timeout: 's',
  download: 's',
  startup: 's',
};

/** Longer texts are cut, and told apart by a hash of the whole. */
const LONGEST = 80;

/** A description of a version in which every token has become what it stands for, in words. Whatever differs there, differs here. */
export function inWords(description: { readonly [member: string]: unknown }): VersionWords {
  return Object.fromEntries(Object.entries(description).flatMap(([member, value]) => {
    if (value === undefined || (isGroup(value) && Object.keys(inWords(value)).length === 0)) {
      return [];
    }
    return [[member, isGroup(value) ? inWords(value) : withUnit(member, text(value))]];
  }));
}

function isGroup(value: unknown): value is { readonly [member: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(STANDS_FOR in value) && !(TEXT in value);
}

function withUnit(member: string, words: string): string {
  return UNITS[member] === undefined || !/^[\d.]+$/.test(words) ? words : `${words} ${UNITS[member]}`;
}

function text(value: unknown): string {
  const words = spoken(value);
  return words.length <= LONGEST ? words : `${words.slice(0, LONGEST)}… (${hash(words)})`;
}

function spoken(value: unknown): string {
  if (typeof value !== 'object' || value === null) {
    // As it stands, CloudFormation would take a dynamic reference for one in metadata too, and refuse what it does not resolve there.
    return String(value).replace(/\{\{(resolve:[^}]*)\}\}/g, '<$1>');
  }
  if (Array.isArray(value)) {
    return value.map(spoken).join(', ');
  }
  if (TEXT in value) {
    return (value[TEXT] as unknown[]).map(spoken).join('');
  }
  return STANDS_FOR in value ? reference(value[STANDS_FOR]) : JSON.stringify(value);
}

function reference(what: unknown): string {
  const { asset, ref, name, type, id } = (typeof what === 'object' && what !== null ? what : {}) as { readonly [member: string]: unknown };
  if (typeof asset === 'string') {
    return `content ${asset.slice(0, 12)}`;
  }
  if (typeof what === 'string' || ref !== undefined) {
    return `<${String(ref ?? what)}>`;
  }
  // What is behind it counts too.
  return `<${type === undefined ? 'expression' : `${String(type)} ${typeof name === 'string' ? name : String(id)}`}> `
    + `(${hash(JSON.stringify(what))})`;
}

function hash(words: string): string {
  return createHash('sha256').update(words).digest('hex').slice(0, 6);
}
