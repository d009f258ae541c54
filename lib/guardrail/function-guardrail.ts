import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { actionPlan } from './evidence-bounds';
import type { BoundGuardrail, GuardrailKind } from './guardrail-kind';
import type { GuardrailOptions } from './guardrail-options';

/** @see Guardrail.custom */
export class FunctionGuardrail implements GuardrailKind {
  public readonly name: string;

  constructor(private readonly handler: lambda.IFunction, private readonly options: GuardrailOptions) {
    this.name = options.name ?? handler.node.id;
  }

  public problems(): string[] {
    return [];
  }

  public bind(): BoundGuardrail {
    const { handler } = this;
    return {
      plan: { name: this.name, action: actionPlan(this.options.action), kind: 'function', functionArn: handler.functionArn },
      handler,
    };
  }
}
