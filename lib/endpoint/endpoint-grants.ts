import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { OPEN_AI_ROOT } from '../core/open-ai';
import { INVOCATIONS_PATH, RESPONSE_STREAM_PATH } from '../core/sagemaker-path';
import { acknowledge, wildcardFinding } from '../package/acknowledge';
import { OPEN_AI_METHODS } from './open-ai-front';

/** Permissions on an endpoint with IAM authentication. */
export class EndpointGrants {
  /**
   * @param methodArn the ARN of a method at a path below that of the endpoint
   * @internal
   */
  public static _of(methodArn: (method: string, path: string) => string): EndpointGrants {
    return new EndpointGrants(methodArn);
  }

  private readonly methodArn: (method: string, path: string) => string;

  private constructor(methodArn: (method: string, path: string) => string) {
    this.methodArn = methodArn;
  }

  /**
   * Let a grantee invoke an alias, for whole answers and for streams of events: SageMaker has one permission for both too.
   *
   * @param alias the alias, `live` if none is given
   */
  public invoke(grantee: iam.IGrantable, alias: string = 'live'): iam.Grant {
    return this.grant(grantee, ...[INVOCATIONS_PATH, RESPONSE_STREAM_PATH].map((path) => this.methodArn('POST', `${alias}/${path}`)));
  }

  /**
   * Let a grantee send feedback on an alias's answers.
   *
   * @param alias the alias, `live` if none is given
   */
  public sendFeedback(grantee: iam.IGrantable, alias: string = 'live'): iam.Grant {
    return this.grant(grantee, this.methodArn('POST', `${alias}/feedback`));
  }

  /**
   * Let a grantee use the endpoint in OpenAI's shape, where it has `openAi`, and list and retrieve its models: all aliases, for IAM does
   * not see which one a body names.
   */
  public invokeOpenAi(grantee: iam.IGrantable): iam.Grant {
    const arns = OPEN_AI_METHODS.map(({ method, path }) => this.methodArn(method, `${OPEN_AI_ROOT}/${path.replace('{model}', '*')}`));
    if (Construct.isConstruct(grantee)) {
      const any = OPEN_AI_METHODS.findIndex(({ path }) => path.includes('{model}'));
      acknowledge(grantee, { [wildcardFinding(grantee, arns[any])]: 'the path names the model, and all models are listed anyway' });
    }
    return this.grant(grantee, ...arns);
  }

  /**
   * What invokes an alias for whole answers, and nothing else.
   *
   * @internal
   */
  public _invocationsArn(alias: string): string {
    return this.methodArn('POST', `${alias}/${INVOCATIONS_PATH}`);
  }

  private grant(grantee: iam.IGrantable, ...resourceArns: string[]): iam.Grant {
    return iam.Grant.addToPrincipal({ grantee, actions: ['execute-api:Invoke'], resourceArns });
  }
}
