import type { LambdaClient } from '@aws-sdk/client-lambda';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { GateReading } from '../../lib/core/rollout/evidence';
import { type HookEvent, readHookAnswer } from '../../lib/core/rollout/hook';
import { percentOf } from '../../lib/core/rollout/stages';
import type { HookPoint } from '../../lib/core/rollout/plan';
import { PATIENCE } from '../../lib/core/rollout/execution';
import type { RolloutState } from '../../lib/core/rollout/state';

/** Ask every hook of these points at once. Never rejects: a hook that fails gives no permission, and is asked again. */
export function askHooks(
  client: Pick<LambdaClient, 'send'>,
  state: RolloutState,
  points: readonly HookPoint[],
  nextPercent: number,
): Promise<GateReading[]> {
  return Promise.all(
    state.plan.hooks
      .filter(({ point }) => points.includes(point))
      .map(async ({ point, functionArn }) => {
        const name = `hook ${functionArn.split(':').slice(6).join(':')} (${point})`;
        const event: HookEvent = {
          point,
          alias: state.alias,
          rolloutId: state.id,
          productionVersion: state.production.version,
          candidateVersion: state.candidate.version,
          percent: percentOf(state.plan, state.stage),
          nextPercent,
        };
        try {
          const { Payload: payload, FunctionError: failed } = await client.send(
            new InvokeCommand({ FunctionName: functionArn, Payload: JSON.stringify(event) }),
            { abortSignal: AbortSignal.timeout(PATIENCE.hook * 1_000) },
          );
          const text = Buffer.from(payload ?? []).toString('utf8');
          return failed === undefined
            ? readHookAnswer(name, text)
            : { name, verdict: 'wait' as const, reason: `it failed: ${text.slice(0, 300)}` };
        } catch (error) {
          return { name, verdict: 'wait' as const, reason: `it could not be asked: ${(error as Error).name}: ${(error as Error).message}` };
        }
      }),
  );
}
