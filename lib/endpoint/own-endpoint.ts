import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { failTogether } from '../validate/fail-together';
import { ModelEndpoint } from './model-endpoint';
import type { IModelEndpoint } from './model-endpoint-ref';

/**
 * The endpoint itself, of which `scope` becomes a part; an imported one is an error.
 *
 * @param why what makes it a part, and what to define where the endpoint is defined
 */
export function ownEndpoint(scope: Construct, endpoint: IModelEndpoint, why: string): ModelEndpoint {
  if (!ModelEndpoint.isModelEndpoint(endpoint)) {
    failTogether([`endpoint is ${endpoint === undefined ? 'missing' : 'imported'}, but ${why} where the endpoint is defined`], scope);
  }
  return endpoint as ModelEndpoint;
}

/** Why `scope` cannot be a part of the endpoint's deployment, or nothing. */
export function stackProblems(scope: Construct, endpoint: ModelEndpoint, what: string, it: string): string[] {
  // The name of a nested stack is known only at deployment.
  return Stack.of(endpoint) === Stack.of(scope)
    ? []
    : [
        `the endpoint is in stack ${JSON.stringify(Stack.of(endpoint).node.path)}, but ${what} is part of its deployment; define ${it} `
          + 'in the same stack',
      ];
}

/** That an alias is not there. */
export function undeclared(alias: string, it: string): string {
  return `alias ${JSON.stringify(alias)} is not declared; add it with addAlias before ${it}, or name another`;
}
