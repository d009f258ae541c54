import type { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { DescribeModelPackageCommand, UpdateModelPackageCommand } from '@aws-sdk/client-sagemaker';
import { registryVerdict } from '../../lib/core/registry/verdict';
import type { Outcome, RegistryNote, RolloutState } from '../../lib/core/rollout/state';

export interface RegistryPorts {
  readonly sageMaker: Pick<SageMakerClient, 'send'>;
  readonly warn: (notice: string, details: { readonly [name: string]: unknown }) => void;
}

/**
 * Tell the registry how the rollout of its package ended. Never rejects: what could not be told is in the note. Undefined where there is
 * no package to tell of.
 */
export async function tellRegistry(
  state: RolloutState,
  outcome: Outcome,
  evidence: string | undefined,
  { sageMaker, warn }: RegistryPorts,
): Promise<RegistryNote | undefined> {
  const { modelPackage: arn } = state.plan;
  if (arn === undefined || outcome.result === 'superseded') {
    return undefined;
  }
  try {
    const described = await sageMaker.send(new DescribeModelPackageCommand({ ModelPackageName: arn }));
    const { update, approval, problem } = registryVerdict(
      { approval: described.ModelApprovalStatus, description: described.ApprovalDescription },
      { rollout: state.id, alias: state.alias, outcome, ...(evidence === undefined ? {} : { evidence }) },
    );
    if (update !== undefined) {
      await sageMaker.send(new UpdateModelPackageCommand({ ModelPackageArn: arn, ...update }));
    }
    return { package: arn, approval, ...(problem === undefined ? {} : { problem }) };
  } catch (error) {
    const { name, message } = error as Error;
    warn('the model registry was not told of the end', { alias: state.alias, package: arn, error: name, reason: message });
    return { package: arn, problem: `${name}: ${message}` };
  }
}
