import { Names, Token } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { shortDigest } from './digest';

/** SageMaker's limit for the names of endpoints, configurations, models and variants. */
export const NAME_CHARACTERS = 63;

/** The problem with a name that SageMaker would refuse, or nothing. */
export function nameProblem(what: string, name: string | undefined): string[] {
  if (name === undefined || Token.isUnresolved(name)) {
    return [];
  }
  if (name.length > NAME_CHARACTERS) {
    return [`${what} is ${JSON.stringify(name)} with ${name.length} characters, but may have ${NAME_CHARACTERS}; shorten it`];
  }
  if (!/^[A-Za-z0-9](?:-*[A-Za-z0-9])*$/.test(name)) {
    return [`${what} is ${JSON.stringify(name)}, but may only have letters, digits and hyphens between them; rename it`];
  }
  return [];
}

/**
 * Name of a version's SageMaker resources. SageMaker configurations are immutable and cannot be replaced under the same name,
 * so the name has the digest; what precedes it keeps stacks and endpoints of an account apart.
 */
export function versionName(scope: IConstruct, digest: string): string {
  const prefix = Names.uniqueResourceName(scope, { maxLength: NAME_CHARACTERS - 13, separator: '-', allowedSpecialCharacters: '-' });
  // The ARN of an endpoint has its name in lower case; a name that already is leaves nothing to confuse.
  return `${prefix}-${shortDigest(digest)}`.toLowerCase();
}
