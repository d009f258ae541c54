import type * as iam from 'aws-cdk-lib/aws-iam';
import type { IModelEndpoint } from './model-endpoint-ref';

/** An alias of an endpoint. Whatever takes an alias by its name takes its `aliasName`, in which no letter can be wrong. */
export class ModelAlias {
  /** @internal */
  public static _of(endpoint: IModelEndpoint, aliasName: string): ModelAlias {
    return new ModelAlias(endpoint, aliasName);
  }

  /** The endpoint that it is an alias of. */
  public readonly endpoint: IModelEndpoint;

  /** Its name. */
  public readonly aliasName: string;

  private constructor(endpoint: IModelEndpoint, aliasName: string) {
    this.endpoint = endpoint;
    this.aliasName = aliasName;
  }

  /** Its address: requests are sent there with POST. */
  public get url(): string {
    return this.endpoint.urlFor(this.aliasName);
  }

  /** Let a grantee invoke it, where the endpoint's authentication is IAM. */
  public grantInvoke(grantee: iam.IGrantable): iam.Grant {
    return this.endpoint.grants.invoke(grantee, this.aliasName);
  }

  /** Let a grantee send feedback on its answers, where the endpoint's authentication is IAM. */
  public grantSendFeedback(grantee: iam.IGrantable): iam.Grant {
    return this.endpoint.grants.sendFeedback(grantee, this.aliasName);
  }
}
