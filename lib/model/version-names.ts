import { createHash } from 'node:crypto';
import { Names, Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { shortDigest } from './digest';
import { NAME_CHARACTERS } from '../validate/names';

/**
 * Name of a version's resources. It has the digest, because neither a SageMaker configuration nor a function can be replaced under its
 * name; what precedes it keeps stacks and endpoints of an account apart, and is what policies name versions by: a policy that lists them
 * would outgrow its role.
 */
export function versionName(scope: IConstruct, digest: string): string {
  return `${prefixOf(scope)}-${shortDigest(digest)}`;
}

/** The names of all versions below a construct, and of nothing else. */
export function versionNames(scope: IConstruct): string {
  return `${prefixOf(scope)}-*`;
}

/** The names of all versions of a stack, and of nothing else. */
export function versionNamesOfStack(scope: IConstruct): string {
  return `*-${stackTag(scope)}-*`;
}

const DIGEST_CHARACTERS = 12;
const TAG_CHARACTERS = 8;

/** The ARN of an endpoint has its name in lower case; a name that already is leaves nothing to confuse. */
function prefixOf(scope: IConstruct): string {
  const maxLength = NAME_CHARACTERS - DIGEST_CHARACTERS - TAG_CHARACTERS - 2;
  const name = Names.uniqueResourceName(scope, { maxLength, separator: '-', allowedSpecialCharacters: '-' });
  return `${name}-${stackTag(scope)}`.toLowerCase();
}

/** What tells a stack from all others of its account and region, of which no other has its name. */
function stackTag(scope: IConstruct): string {
  return createHash('sha256')
    .update(Names.uniqueResourceName(Stack.of(scope), { maxLength: 1_024, separator: '/' }))
    .digest('hex')
    .slice(0, TAG_CHARACTERS);
}
