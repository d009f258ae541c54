import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledge, wildcardFinding } from '../package/acknowledge';

/** Permissions on a log. */
export class InferenceLogGrants {
  /** @internal */
  public static _of(statements: () => iam.PolicyStatement[]): InferenceLogGrants {
    return new InferenceLogGrants(statements);
  }

  private readonly statements: () => iam.PolicyStatement[];

  private constructor(statements: () => iam.PolicyStatement[]) {
    this.statements = statements;
  }

  /**
   * Let a grantee query the records in the log's workgroup. A given bucket's own policy, and Lake Formation where it is in use, must allow
   * it too.
   */
  public query(grantee: iam.IGrantable): void {
    const { grantPrincipal: principal } = grantee;
    for (const statement of this.statements()) {
      principal.addToPrincipalPolicy(statement);
      if (Construct.isConstruct(principal)) {
        const wildcards = statement.resources.filter((arn) => arn.endsWith('/*'));
        acknowledge(
          principal,
          Object.fromEntries(
            wildcards.map((arn) => [
              wildcardFinding(principal, arn),
              "objects are named by Firehose and Athena; the prefix is the log's own",
            ]),
          ),
        );
      }
    }
  }
}
