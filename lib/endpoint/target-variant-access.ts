import type * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import type { TargetVariantAccess as Rule } from '../core/routing/route';
import { roleArn } from './role-arn';

/** Who may choose a variant by name, with SageMaker's header `X-Amzn-SageMaker-Target-Variant`. Others get 403. */
export abstract class TargetVariantAccess {
  /** Nobody: the weights decide every request. */
  public static nobody(): TargetVariantAccess {
    return new Access(() => ({ kind: 'nobody' }));
  }

  /** Every caller that may invoke the alias. */
  public static everyone(): TargetVariantAccess {
    return new Access(() => ({ kind: 'everyone' }));
  }

  /**
   * Callers that have assumed one of these roles. Needs IAM authentication.
   */
  public static roles(...roles: iam.IRole[]): TargetVariantAccess {
    return new Access((scope) => ({
      kind: 'principals',
      arns: roles.map((role) => roleArn(scope, role)),
    }));
  }

  /**
   * Callers whose token has this claim, or whose Lambda authorizer returned it in its context. A claim that is a list of words
   * must have the value among them.
   */
  public static claim(name: string, value: string): TargetVariantAccess {
    return new Access(() => ({ kind: 'claim', name, value }));
  }

  /** @internal */
  public abstract _rule(scope: IConstruct): Rule;
}

class Access extends TargetVariantAccess {
  constructor(private readonly rule: (scope: IConstruct) => Rule) {
    super();
  }

  /** @internal */
  public _rule(scope: IConstruct): Rule {
    return this.rule(scope);
  }
}
