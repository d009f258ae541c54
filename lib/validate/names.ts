import { Token } from 'aws-cdk-lib/core';

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
