import type { LambdaClient } from '@aws-sdk/client-lambda';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { percentOf } from '../../lib/core/rollout/stages';
import type { GuardrailReading } from '../../lib/core/rollout/evidence';
import { type FunctionGuardrailEvent, type FunctionGuardrailPlan, readGuardrailAnswer } from '../../lib/core/guardrails/function';
import type { RolloutState } from '../../lib/core/rollout/state';
import { PATIENCE } from '../../lib/core/rollout/execution';

/** Ask the functions that are guardrails, all at once. Never rejects: what cannot be asked is unknown. */
export function askGuardrails(
  client: Pick<LambdaClient, 'send'>,
  state: RolloutState,
  guardrails: readonly FunctionGuardrailPlan[],
): Promise<GuardrailReading[]> {
  return Promise.all(
    guardrails.map(async ({ name, action, functionArn }): Promise<GuardrailReading> => {
      const event: FunctionGuardrailEvent = {
        guardrail: name,
        alias: state.alias,
        rolloutId: state.id,
        productionVersion: state.production.version,
        candidateVersion: state.candidate.version,
        percent: percentOf(state.plan, state.stage),
      };
      const unreadable = (detail: string): GuardrailReading => ({ name, action, status: 'unknown', detail, unreadable: true });
      try {
        const { Payload: payload, FunctionError: failed } = await client.send(
          new InvokeCommand({ FunctionName: functionArn, Payload: JSON.stringify(event) }),
          { abortSignal: AbortSignal.timeout(PATIENCE.guardrail * 1_000) },
        );
        const text = Buffer.from(payload ?? []).toString('utf8');
        return failed === undefined
          ? { name, action, ...readGuardrailAnswer(text) }
          : unreadable(`the function failed: ${text.slice(0, 300)}`);
      } catch (error) {
        return unreadable(`the function could not be asked: ${(error as Error).name}: ${(error as Error).message}`);
      }
    }),
  );
}
