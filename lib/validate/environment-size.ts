import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { charactersOf } from './deployed-size';

/** What Lambda allows of all variables of a function together, measured as one JSON text. */
const ENVIRONMENT_BYTES = 4_096;

/** Let the synthesis fail if a function's variables take more room than Lambda has for them, whoever adds them. */
export function checkEnvironment(fn: IConstruct, remedy: string): void {
  fn.node.addValidation({
    validate: () => {
      const { environment } = fn.node.defaultChild as CfnFunction;
      const stack = Stack.of(fn);
      const { variables } = (stack.resolve(environment) ?? {}) as { readonly variables?: unknown };
      const bytes = charactersOf(stack, variables ?? {});
      return bytes <= ENVIRONMENT_BYTES
        ? []
        : [`the environment variables of the function take ${bytes} bytes, but Lambda allows ${ENVIRONMENT_BYTES}; ${remedy}`];
    },
  });
}
