import { ValidationError } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

/** The branded name that ValidationError wants; the brand is internal to aws-cdk-lib, the constructor is not. */
type ErrorCodeName = ConstructorParameters<typeof ValidationError>[0];

/** The problems that each error tells, for whoever reports them with others. */
const PROBLEMS = new WeakMap<object, readonly string[]>();

/** Throw all problems of a construct at once, with the construct's place in the tree. Nothing happens without problems. */
export function failTogether(problems: readonly string[], scope: IConstruct): void {
  if (problems.length > 0) {
    const message = problems.length === 1 ? problems[0] : `${problems.length} problems:\n${problems.map((p) => `  - ${p}`).join('\n')}`;
    const error = new ValidationError('ModelRolloutInvalid' as ErrorCodeName, withoutTokens(message), scope);
    PROBLEMS.set(error, problems);
    throw error;
  }
}

/** The problems that {@link failTogether} threw; undefined of an error that is none of ours. */
export function problemsOf(error: unknown): readonly string[] | undefined {
  return PROBLEMS.get(error as object);
}

/** Tokens say nothing to people: texts, lists and numbers that CDK writes for what the deployment will know. */
function withoutTokens(message: string): string {
  return message.replace(/[$#]\{Token\[[^\]]*\]\}|-1\.8881545\d+e\+289/g, '<known only at deployment>');
}
