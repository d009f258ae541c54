import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { Stack, Token } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { charactersOf } from './deployed-size';

/** What Lambda allows of all variables of a function together, measured as one JSON text. */
const ENVIRONMENT_BYTES = 4_096;

/**
 * What a variable of a Lambda function may be called.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
const FUNCTION_NAME = /^[a-zA-Z][a-zA-Z0-9_]+$/;

/**
 * What a variable of a SageMaker container may be called.
 * @see https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html
 */
const CONTAINER_NAME = /^[a-zA-Z_][a-zA-Z0-9_]{0,1023}$/;

/** Variables that Lambda sets itself and lets nobody else set. */
const RESERVED = new Set([
  'AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_EXECUTION_ENV', 'AWS_LAMBDA_FUNCTION_NAME', 'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_FUNCTION_VERSION', 'AWS_LAMBDA_INITIALIZATION_TYPE', 'AWS_LAMBDA_LOG_GROUP_NAME', 'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_ACCESS_KEY', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_LAMBDA_RUNTIME_API', 'LAMBDA_TASK_ROOT',
  'LAMBDA_RUNTIME_DIR',
]);

type Variables = { readonly [name: string]: string } | undefined;

/** Names of variables that Lambda would refuse at deployment. */
export function functionEnvironmentProblems(owner: string, variables: Variables): string[] {
  const reserved = Object.keys(variables ?? {}).filter((name) => RESERVED.has(name));
  return [
    ...nameProblems(owner, variables, FUNCTION_NAME, 'a letter and then one or more letters, digits and underscores'),
    ...reserved.map((name) => `environment of ${owner} has ${JSON.stringify(name)}, which Lambda sets itself; take another name`),
  ];
}

/** Names of variables that SageMaker would refuse at deployment. */
export function containerEnvironmentProblems(owner: string, variables: Variables): string[] {
  return nameProblems(owner, variables, CONTAINER_NAME, 'a letter or underscore and then letters, digits and underscores, up to 1024');
}

/** The most variables that an inference component has, and the most characters of a value. */
const COMPONENT_VARIABLES = 100;
const COMPONENT_VALUE = 1_024;

/**
 * Variables of an inference component that SageMaker would refuse at deployment.
 * @see https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InferenceComponentContainerSpecification.html
 */
export function componentEnvironmentProblems(owner: string, variables: Variables): string[] {
  const values = Object.entries(variables ?? {});
  return [
    ...containerEnvironmentProblems(owner, variables),
    ...(values.length <= COMPONENT_VARIABLES
      ? []
      : [`environment of ${owner} has ${values.length} variables, but SageMaker takes ${COMPONENT_VARIABLES}; put them into the artifact`]),
    ...values.filter(([, value]) => !Token.isUnresolved(value) && value.length > COMPONENT_VALUE).map(([name, value]) =>
      `environment of ${owner} has ${JSON.stringify(name)} with ${value.length} characters, but SageMaker takes ${COMPONENT_VALUE}; put it `
        + 'into the artifact'),
  ];
}

function nameProblems(owner: string, variables: Variables, pattern: RegExp, allowed: string): string[] {
  return Object.keys(variables ?? {}).filter((name) => !Token.isUnresolved(name) && !pattern.test(name))
    .map((name) => `environment of ${owner} has a variable ${JSON.stringify(name)}, but a name is ${allowed}; call it otherwise`);
}

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
