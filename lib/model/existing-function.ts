import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { LAMBDA_PAYLOAD_BYTES } from '../core/names';
import type { Target } from '../core/routing/route';
import { ModelContract } from './contract';
import { digestOf } from './digest';
import { allowInvocation } from './invoke-permission';
import type { ModelBindOptions } from './model';
import { ModelVersion, versionOf } from './model-version';

/** How a function that exists already serves a model. */
export interface ExistingFunctionOptions {
  /**
   * What the function gets and returns.
   *
   * @default ModelContract.JSON
   */
  readonly contract?: ModelContract;

  /**
   * The longest that the function may take to answer.
   *
   * @default - 29 seconds, what an API Gateway integration waits for
   */
  readonly timeout?: Duration;
}

/** @see Model.existingFunction */
export class ExistingFunctionBackend {
  constructor(private readonly fn: lambda.IFunction, private readonly options: ExistingFunctionOptions) {}

  public validate(): string[] {
    return [];
  }

  public bind(scope: Construct, options: ModelBindOptions): ModelVersion {
    const contract = this.options.contract ?? ModelContract.JSON;
    const digest = digestOf(scope, { kind: 'ExistingFunction', arn: this.fn.functionArn, contract });
    return versionOf(scope, 'Function', digest, (id) =>
      new ExistingFunctionVersion(scope, id, digest, this.fn, contract, this.options.timeout ?? Duration.seconds(29), options),
    );
  }
}

class ExistingFunctionVersion extends ModelVersion {
  constructor(
    scope: Construct, id: string, digest: string,
    private readonly fn: lambda.IFunction,
    private readonly contract: ModelContract,
    public readonly timeout: Duration,
    bind: ModelBindOptions,
  ) {
    super(scope, id, digest);
    allowInvocation(this, bind.invoker, ['lambda:InvokeFunction'], [fn.functionArn]);
  }

  /** @internal */
  public _target(): Target {
    return { kind: 'lambda', functionArn: this.fn.functionArn, contract: this.contract, maxRequestBytes: LAMBDA_PAYLOAD_BYTES };
  }
}
