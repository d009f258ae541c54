import { Stack, Token } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { groupOfArn, packageOfArn, type PackageQuery } from '../core/registry/pinned-package';

/** A package of SageMaker's model registry, or the way to find one. */
export class ModelPackage {
  /**
   * The package with this ARN, such as `arn:aws:sagemaker:eu-west-1:111122223333:model-package/fraud/7`. It may belong to another account
   * that shares it.
   */
  public static fromArn(arn: string): ModelPackage {
    return new ModelPackage(() => {
      const query = Token.isUnresolved(arn) ? undefined : packageOfArn(arn);
      return query ?? {
        problem: `the model package is ${JSON.stringify(arn)}, which is not an ARN of a package that is known at synthesis; give one `
          + 'such as arn:aws:sagemaker:eu-west-1:111122223333:model-package/fraud/7',
      };
    });
  }

  /**
   * The newest approved package of a group at the time when it was looked up. A package that is approved later is not served until you look
   * it up again.
   *
   * @param group name of the group, in the stack's account and region, or its ARN
   */
  public static newestApproved(group: string): ModelPackage {
    return new ModelPackage((scope) => {
      if (Token.isUnresolved(group)) {
        return { problem: 'the group of model packages is known only at deployment; give its name or ARN' };
      }
      const byArn = groupOfArn(group);
      if (byArn !== undefined) {
        return byArn;
      }
      if (!/^[A-Za-z0-9](?:-*[A-Za-z0-9]){0,62}$/.test(group)) {
        return {
          problem: `the group of model packages is ${JSON.stringify(group)}, which is neither a name nor an ARN of one; correct it`,
        };
      }
      const { account, region } = Stack.of(scope);
      return Token.isUnresolved(account) || Token.isUnresolved(region)
        ? {
            problem: `the group of model packages is ${JSON.stringify(group)}, but the stack's account and region are known only at `
              + 'deployment; give the stack an env with both, or give the ARN of the group',
          }
        : { account, region, group };
    });
  }

  private constructor(private readonly find: (scope: IConstruct) => PackageQuery | { readonly problem: string }) {}

  /**
   * What is looked for at this place of the app, or why it cannot be.
   *
   * @internal
   */
  public _query(scope: IConstruct): PackageQuery | { readonly problem: string } {
    return this.find(scope);
  }
}
