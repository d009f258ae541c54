import * as iam from 'aws-cdk-lib/aws-iam';

/** Permissions on an endpoint with IAM authentication. */
export class EndpointGrants {
  /**
   * @param methodArn the ARN of a method of an alias
   * @internal
   */
  public static _of(methodArn: (alias: string, method: string) => string): EndpointGrants {
    return new EndpointGrants(methodArn);
  }

  private readonly methodArn: (alias: string, method: string) => string;

  private constructor(methodArn: (alias: string, method: string) => string) {
    this.methodArn = methodArn;
  }

  /**
   * Let a grantee invoke an alias.
   *
   * @param alias the alias, `live` if none is given
   */
  public invoke(grantee: iam.IGrantable, alias: string = 'live'): iam.Grant {
    return iam.Grant.addToPrincipal({ grantee, actions: ['execute-api:Invoke'], resourceArns: [this.methodArn(alias, 'invocations')] });
  }

  /**
   * Let a grantee send feedback on an alias's answers.
   *
   * @param alias the alias, `live` if none is given
   */
  public sendFeedback(grantee: iam.IGrantable, alias: string = 'live'): iam.Grant {
    return iam.Grant.addToPrincipal({ grantee, actions: ['execute-api:Invoke'], resourceArns: [this.methodArn(alias, 'feedback')] });
  }
}
