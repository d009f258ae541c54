import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { identify } from './digest';
import { type FunctionCode, functionProblems, type FunctionOptions, FunctionVersion, identityOf } from './function-version';
import type { ModelBindOptions } from './model-bind-options';
import { type ModelVersion, versionOf } from './model-version';

/** A model that is a Lambda function. */
export interface LambdaFunctionModelOptions extends FunctionOptions {
  /** The code: a folder, a zip file, an object in S3 with its version, or a text. */
  readonly code: lambda.Code;

  /** The function in the code that Lambda calls, such as `index.handler`. */
  readonly handler: string;

  /** Language and version. */
  readonly runtime: lambda.Runtime;
}

/** @see Model.lambdaFunction */
export class LambdaBackend {
  constructor(private readonly props: LambdaFunctionModelOptions) {}

  public validate(): string[] {
    const { props } = this;
    const problems = functionProblems('the Lambda model', props);
    if (props.snapStart !== undefined && !props.runtime.supportsSnapStart) {
      problems.push(`runtime is ${JSON.stringify(props.runtime.name)}, which has no snapStart; leave snapStart out or change the runtime`);
    }
    return problems;
  }

  public bind(scope: Construct, options: ModelBindOptions): ModelVersion {
    return bindFunction(scope, 'Lambda', this.props, this.props, options);
  }
}

/** Define the function's version unless it is there; code is bound first, because its hash is part of the digest. */
export function bindFunction(
  scope: Construct, kind: string, code: FunctionCode, options: FunctionOptions, bind: ModelBindOptions,
): FunctionVersion {
  const identity = identify(scope, {
    kind,
    code: codeIdentity(scope, code.code),
    handler: code.handler,
    runtime: code.runtime.name,
    variables: code.environment,
    ...identityOf(scope, options, bind),
  });
  return versionOf(scope, kind, identity, (id) => {
    const { handler, runtime, environment } = code;
    return new FunctionVersion(scope, id, identity.digest, { ...options, code: { code: code.code, handler, runtime, environment } }, bind);
  });
}

/** The place of the code once it is uploaded, which has its hash. Binding it again for the function finds the same asset. */
function codeIdentity(scope: Construct, code: lambda.Code): unknown {
  const holder = new Construct(scope, `Code${scope.node.children.length}`);
  return code.bind(holder);
}
