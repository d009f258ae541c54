import type { IRole } from 'aws-cdk-lib/aws-iam';
import { Token } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import type { CohortMember } from '../core/routing/cohort';
import { roleArn } from './role-arn';

/** Values of one member. */
const MOST_VALUES = 100;
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;

/** Callers who get a candidate before anybody else: the own people, a pilot customer. */
export abstract class Cohort {
  /**
   * Requests with a header that has one of the values. Whoever may call the alias may send it: where that matters, take a claim or a role.
   *
   * @param name the header's name, in any case
   */
  public static header(name: string, ...values: string[]): Cohort {
    return new Members(() => ({ by: 'header', name: name.toLowerCase(), values }), [
      ...nameProblem('header', name, HEADER_NAME.test(name), '"x-tenant"'),
      ...valueProblems(`header ${JSON.stringify(name)}`, values),
    ]);
  }

  /**
   * Callers whose token has this claim with one of the values, or whose Lambda authorizer returned it in its context: a tenant, a group. A
   * claim that is a list of words must have one of the values among them.
   */
  public static claim(name: string, ...values: string[]): Cohort {
    return new Members(() => ({ by: 'claim', name, values }), [
      ...nameProblem('claim', name, name !== '', '"tenant"'),
      ...valueProblems(`claim ${JSON.stringify(name)}`, values),
    ]);
  }

  /** Callers that have assumed one of these roles. Needs IAM authentication. */
  public static roles(...roles: IRole[]): Cohort {
    return new Members(
      (scope) => ({ by: 'principal', arns: roles.map((role) => roleArn(scope, role)) }),
      roles.length === 0 ? ['the cohort of roles has none; give at least one'] : [],
    );
  }

  /** @internal */
  public abstract _member(scope: IConstruct): CohortMember;

  /** @internal */
  public abstract _problems(): string[];
}

class Members extends Cohort {
  constructor(private readonly member: (scope: IConstruct) => CohortMember, private readonly problems: string[]) {
    super();
  }

  /** @internal */
  public _member(scope: IConstruct): CohortMember {
    return this.member(scope);
  }

  /** @internal */
  public _problems(): string[] {
    return this.problems;
  }
}

function nameProblem(what: string, name: string, isOne: boolean, example: string): string[] {
  return Token.isUnresolved(name) || !isOne
    ? [`the ${what} of a cohort is ${JSON.stringify(name)}, which is not the name of one; name one such as ${example}`]
    : [];
}

function valueProblems(of: string, values: readonly string[]): string[] {
  if (Token.isUnresolved(values) || values.length === 0 || values.length > MOST_VALUES) {
    return [`the cohort by ${of} must have 1 to ${MOST_VALUES} values that are known at synthesis; list them`];
  }
  const wrong = values.find((value) => value === '' || Token.isUnresolved(value));
  return wrong === undefined
    ? []
    : [`the cohort by ${of} has the value ${JSON.stringify(wrong)}, but values are texts that are known at synthesis; write them out`];
}
