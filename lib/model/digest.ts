import { createHash } from 'node:crypto';
import { DefaultTokenResolver, Intrinsic, type IPostProcessor, type IResolvable, type IResolveContext, Reference, Tokenization } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { failTogether } from '../errors';

/**
 * The identity of a version: SHA-256 over everything that makes it what it is, whatever the order of its members.
 *
 * Tokens are never hashed as texts, whose numbers change from synthesis to synthesis. A reference counts as the path of the
 * construct it points to and the attribute it takes; an intrinsic function counts as what it computes from. A lazy value,
 * which may still change after this moment, is refused.
 */
export function digestOf(scope: IConstruct, description: { readonly [member: string]: unknown }): string {
  const plain: unknown = Tokenization.resolve(description, { scope, preparing: false, resolver: new IdentityResolver() });
  return createHash('sha256').update(canonical(plain)).digest('hex');
}

/** The part of a digest that goes into construct ids and names. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 12);
}

class IdentityResolver extends DefaultTokenResolver {
  constructor() {
    // A reference is no text here, so a text around one becomes a list of its parts.
    super({ join: (left, right) => ({ text: [...parts(left), ...parts(right)] }) });
  }

  public override resolveToken(token: IResolvable, context: IResolveContext, postProcessor: IPostProcessor): unknown {
    if (Reference.isReference(token)) {
      return { reference: token.target.node.path, attribute: token.displayName };
    }
    // Fn.join is the one intrinsic function that is no Intrinsic.
    if (!(token instanceof Intrinsic) && !('listOfValues' in token)) {
      failTogether(
        [
          `${context.documentPath.join('.')} of a model is a lazy value, known only after synthesis, so that the model's version `
            + 'cannot be told; pass the value itself or a reference to a resource',
        ],
        context.scope,
      );
    }
    return super.resolveToken(token, context, postProcessor);
  }
}

function parts(fragment: unknown): unknown[] {
  if (fragment === undefined) {
    return [];
  }
  const text = (fragment as { text?: unknown } | null)?.text;
  return Array.isArray(text) ? text : [fragment];
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
