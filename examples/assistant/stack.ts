import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib/core';
import {
  Assignment, BedrockPrompt, CanaryRollout, Guardrail, Model, ModelEndpoint, RehearsalScenario, TrafficShift,
} from 'cdk-model-rollout';
import type { Construct } from 'constructs';

export interface AssistantStackProps extends StackProps {
  /**
   * Model or inference profile of Bedrock. Another one is another version, and so is another text in `prompt.txt`.
   *
   * @default eu.amazon.nova-lite-v1:0
   */
  readonly modelId?: string;
}

/** An assistant on Bedrock. A changed prompt or model gets a share of new conversations, is compared, and is rolled back if it is worse. */
export class AssistantStack extends Stack {
  constructor(scope: Construct, id: string, props: AssistantStackProps = {}) {
    super(scope, id, props);
    const endpoint = new ModelEndpoint(this, 'Endpoint', {
      model: Model.bedrock({
        modelId: props.modelId ?? 'eu.amazon.nova-lite-v1:0',
        prompt: BedrockPrompt.system(readFileSync(join(__dirname, 'prompt.txt'), 'utf8'), { variables: { shop: 'our shop' } }),
        maxTokens: 600,
        temperature: 0.2,
      }),
      responseStreaming: true,
      timeout: Duration.minutes(2),
      assignment: Assignment.session({ lifetime: Duration.hours(1) }),
    });
    const rollout = new CanaryRollout(this, 'Rollout', {
      endpoint,
      shift: TrafficShift.steps([5, 25, 50], { bakeTime: Duration.minutes(30) }),
      guardrails: [
        Guardrail.errorRate(), Guardrail.firstToken(), Guardrail.timePerToken(), Guardrail.finishReasons(), Guardrail.sampleRatio(),
        // Look yours up: prices hang on the Region, and age.
        Guardrail.cost({ prices: { inputPerMillion: 0.06, outputPerMillion: 0.24, asOf: '2026-11-27' } }),
      ],
      smokeTests: [{
        body: '{"messages": [{"role": "user", "content": [{"text": "Do you ship to Norway?"}]}]}',
        expect: [{ path: '$.output.message.role', value: 'assistant' }],
      }],
    });
    rollout.rehearse({
      expect: { falseRollbackRate: 0.05 },
      scenarios: [RehearsalScenario.healthy()],
      runs: 20,
    });
    new CfnOutput(this, 'Url', { value: endpoint.url });
  }
}
