import { createHash } from 'node:crypto';
import type { IConstruct } from 'constructs';
import { failTogether } from '../validate/fail-together';
import { Identity } from './identity';
import { inWords, type VersionWords } from './version-words';

/** What tells one version from another. */
export interface VersionIdentity {
  /** 64 hexadecimal characters. */
  readonly digest: string;
  readonly words: VersionWords;
}

/**
 * The identity of a version: a digest, SHA-256 over everything that makes it what it is, whatever the order of its members.
 *
 * What is behind a reference counts as {@link Identity} tells it. What cannot be told is refused, unless the description has a `version`:
 * a label by which the user tells it. A member `serves` names what answers requests and is made elsewhere.
 */
export function identify(scope: IConstruct, description: { readonly [member: string]: unknown }): VersionIdentity {
  const labelled = description.version !== undefined;
  const identity = new Identity(scope, labelled);
  const plain = identity.of(description) as { readonly [member: string]: unknown };
  const digest = hash(plain);
  failTogether(identity.problems, scope);
  if (!labelled) {
    // Resources may be changed after they were referred to, and CloudFormation gets what they are in the end.
    scope.node.addValidation({
      validate: () =>
        hash(new Identity(scope, labelled).of(description)) === digest
          ? []
          : [
              'what a model refers to was changed after the model was given to its endpoint, so that its version is not what would be '
                + 'deployed; change it before, or give the model a version',
            ],
    });
  }
  return { digest, words: inWords(plain) };
}

/** The part of a digest that goes into construct ids and names. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 12);
}

function hash(plain: unknown): string {
  return createHash('sha256').update(canonical(plain)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join(',')}]`;
  }
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value as { [member: string]: unknown })
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
