import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { type Duration, Stack, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { LAMBDA_PAYLOAD_BYTES } from '../core/aws-limits';
import type { Target } from '../core/backends/backends';
import { failTogether } from '../validate/fail-together';
import { isResource } from '../validate/resources';
import { ModelContract } from './contract';
import { identify } from './digest';
import { allowInvocation } from './invoke-permission';
import type { ModelBindOptions } from './model-bind-options';
import { defaultTimeout, ModelVersion, versionOf } from './model-version';

/** How a function that exists already serves a model. */
export interface ExistingFunctionOptions {
  /**
   * A label of the version, part of its digest: another label is another version. Needed where what is named changes in place or is known
   * only at deployment; change it whenever that changes.
   *
   * @default - what is named tells the version
   */
  readonly version?: string;

  /**
   * What the function gets and returns.
   *
   * @default ModelContract.JSON
   */
  readonly contract?: ModelContract;

  /**
   * The longest that the function may take to answer.
   *
   * @default - the endpoint's own time-out
   */
  readonly timeout?: Duration;
}

/** @see Model.fromFunction */
export class ExistingFunctionBackend {
  constructor(private readonly fn: lambda.IFunction, private readonly options: ExistingFunctionOptions) {}

  public validate(): string[] {
    return [];
  }

  public bind(scope: Construct, options: ModelBindOptions): ModelVersion {
    const contract = this.options.contract ?? ModelContract.JSON;
    failTogether([...this.placeProblems(scope), ...this.exportProblems(scope)], scope);
    const identity = identify(scope, { kind: 'ExistingFunction', version: this.options.version, serves: this.fn.functionArn, contract });
    return versionOf(
      scope,
      'Function',
      identity,
      (id) =>
        new ExistingFunctionVersion(
          scope,
          id,
          identity.digest,
          { fn: this.fn, contract, timeout: this.options.timeout ?? defaultTimeout(options) },
          options,
        ),
    );
  }

  /** Lambda invokes functions of its own region only. */
  private placeProblems(scope: Construct): string[] {
    const [there, here] = [this.fn.env.region, Stack.of(scope).region];
    return there === here || Token.isUnresolved(there) || Token.isUnresolved(here)
      ? []
      : [
          `the existing function ${this.fn.node.path} is in ${there}, but the router that would invoke it is in ${here}; deploy the `
            + `function there, or the endpoint in the function's region`,
        ];
  }

  /** Each change of a function is another `currentVersion`, and no export can go while another stack imports it. */
  private exportProblems(scope: Construct): string[] {
    const { node } = this.fn;
    const current = node.id === 'CurrentVersion' && isResource(node.defaultChild, 'AWS::Lambda::Version');
    const [there, here] = [topOf(Stack.of(this.fn)), topOf(Stack.of(scope))];
    return !current || there === here
      ? []
      : [
          `the existing function ${node.path} is the current version of a function in stack ${JSON.stringify(there.node.path)}: its next `
            + `change would be another version, and CloudFormation does not let a version go that stack ${JSON.stringify(here.node.path)} `
            + 'imports; define function and endpoint in one stack',
        ];
  }
}

/** Nested stacks get parameters of their parents, which may change. */
function topOf(stack: Stack): Stack {
  return stack.nestedStackParent === undefined ? stack : topOf(stack.nestedStackParent);
}

class ExistingFunctionVersion extends ModelVersion {
  public readonly timeout: Duration;
  protected readonly permission: iam.Policy;

  constructor(
    scope: Construct, id: string, digest: string,
    private readonly existing: { readonly fn: lambda.IFunction; readonly contract: ModelContract; readonly timeout: Duration },
    bind: ModelBindOptions,
  ) {
    super(scope, id, digest);
    this.timeout = existing.timeout;
    this.permission = allowInvocation(this, bind.invoker, ['lambda:InvokeFunction'], [existing.fn.functionArn]);
  }

  /** @internal */
  public _target(): Target {
    return {
      kind: 'lambda',
      functionArn: this.existing.fn.functionArn,
      contract: this.existing.contract,
      maxRequestBytes: LAMBDA_PAYLOAD_BYTES,
    };
  }
}
