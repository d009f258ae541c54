import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { failTogether } from '../validate/fail-together';
import type { Mistakes } from '../validate/mistakes';
import type { EndpointAlias } from './endpoint-alias';
import type { ModelEndpoint } from './model-endpoint';

/** An alias of which something becomes a part. */
export interface Target {
  readonly endpoint: ModelEndpoint;
  readonly alias: EndpointAlias;
  /** False: the alias stands in for one that is not declared, so that all else can be checked as well. */
  readonly declared: boolean;
}

/** The alias of which `part`, as in "a mirror", becomes a part. */
export function targetOf(
  mistakes: Mistakes,
  scope: Construct,
  { endpoint, alias: name = 'live' }: { readonly endpoint: ModelEndpoint; readonly alias?: string },
  part: string,
): Target {
  mistakes.add(...stackProblems(scope, endpoint, part));
  const alias = endpoint._alias(name);
  if (alias === undefined) {
    mistakes.add(undeclared(name, part));
  }
  return { endpoint, alias: alias ?? endpoint._standIn(scope, name), declared: alias !== undefined };
}

/** Why `part`, as in "a log", cannot be a part of the endpoint's deployment, or nothing. */
export function stackProblems(scope: Construct, endpoint: ModelEndpoint, part: string): string[] {
  // Types say so too, but not to JavaScript.
  if ((endpoint as ModelEndpoint | undefined) === undefined) {
    failTogether([`endpoint is missing, but ${part} is part of one; give the ModelEndpoint`], scope);
  }
  // The name of a nested stack is known only at deployment.
  return Stack.of(endpoint) === Stack.of(scope)
    ? []
    : [
        `the endpoint is in stack ${JSON.stringify(Stack.of(endpoint).node.path)}, but ${part} is part of its deployment; define `
          + `${definite(part)} in the same stack`,
      ];
}

/** Says that an alias, of which `part` would be a part, is not there. */
export function undeclared(alias: string, part: string): string {
  return `alias ${JSON.stringify(alias)} is not declared; add it with addAlias before ${definite(part)}, or name another`;
}

function definite(part: string): string {
  return `the ${part.replace(/^an? /, '')}`;
}
