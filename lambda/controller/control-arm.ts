import { DeleteFunctionCommand, type LambdaClient, PublishVersionCommand } from '@aws-sdk/client-lambda';
import { controlOf } from '../../lib/core/rollout/control-arm';
import type { RolloutState } from '../../lib/core/rollout/state';
import type { Variant } from '../../lib/core/routing/route';
import { parseFunctionArn } from '../shared/function-arn';
import { NOT_OURS } from './capacity';
import type { Router } from './readiness';

export interface ControlClients {
  readonly lambda: Pick<LambdaClient, 'send'>;
  readonly router: Pick<Router, 'probe'>;
}

/** There is none, and waiting would not change that. */
export class NoControlError extends Error {
  override readonly name = 'NoControlError';
}

/**
 * Start production's version anew: a published version of a function has execution environments of its own, and the code and the settings
 * of the function, for which nobody pays while nobody calls. Asked again, Lambda answers with the version that is there. It goes with its
 * function at the latest, so nothing is left behind if nobody is alive to remove it. Rejects while it cannot be called, and with a {@link
 * NoControlError} where there can be none.
 */
export async function startControl(state: RolloutState, { lambda, router }: ControlClients): Promise<Variant> {
  const { production: { target }, routerFunction } = state;
  if (target.kind !== 'lambda') {
    throw new NoControlError('production is no function of Lambda, and only these can be started anew');
  }
  if (parseFunctionArn(target.functionArn).qualifier !== undefined) {
    throw new NoControlError(
      'production is a published version, with snapStart or provisionedConcurrency, of which there is no second one',
    );
  }
  const { FunctionArn: functionArn, State: status } = await published(target.functionArn, lambda);
  if (functionArn === undefined || (status !== undefined && status !== 'Active')) {
    throw new Error(`its version is ${status ?? 'not there'}`);
  }
  const control = controlOf(state, { ...target, functionArn });
  const [problem] = (await router.probe(routerFunction, [control.target])).problems;
  if (problem !== undefined) {
    throw new Error(problem);
  }
  return control;
}

async function published(
  functionArn: string,
  lambda: ControlClients['lambda'],
): Promise<{ readonly FunctionArn?: string; readonly State?: string }> {
  try {
    return await lambda.send(new PublishVersionCommand({ FunctionName: functionArn, Description: 'Control arm of model rollouts' }));
  } catch (error) {
    if (NOT_OURS.has((error as Error).name)) {
      throw new NoControlError(
        `production's function may not be published by the controller, because it is not of this stack: ${(error as Error).message}`,
      );
    }
    throw error;
  }
}

/** Remove it. What is gone already, with its function for instance, is removed. */
export async function removeControl({ control }: RolloutState, { lambda }: Pick<ControlClients, 'lambda'>): Promise<void> {
  const { unqualified, qualifier } = control?.target.kind === 'lambda' ? parseFunctionArn(control.target.functionArn) : {};
  // Without a version the whole function would go.
  if (qualifier === undefined) {
    return;
  }
  try {
    await lambda.send(new DeleteFunctionCommand({ FunctionName: unqualified, Qualifier: qualifier }));
  } catch (error) {
    if ((error as Error).name !== 'ResourceNotFoundException') {
      throw error;
    }
  }
}
