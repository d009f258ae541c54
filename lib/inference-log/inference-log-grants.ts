import type * as iam from 'aws-cdk-lib/aws-iam';

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
    this.statements().forEach((statement) => grantee.grantPrincipal.addToPrincipalPolicy(statement));
  }
}
