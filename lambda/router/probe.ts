import type { LambdaClient } from '@aws-sdk/client-lambda';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { Target } from '../../lib/core/routing/route';

/** The deploy gate's question, before it sends traffic: can you, with your own role, call these? */
export interface ProbeEvent {
  readonly modelRollout: 'probe';
  readonly targets: readonly Target[];
}

export interface ProbeResult {
  /** A sentence for each target that cannot be called yet; empty when all can. */
  readonly problems: readonly string[];
}

export function isProbe(event: unknown): event is ProbeEvent {
  return (event as Partial<ProbeEvent> | null)?.modelRollout === 'probe';
}

/**
 * Ask Lambda for a dry run of every function, which checks the permission and the function but does not run it. A new policy
 * takes seconds to reach Lambda, and traffic that arrives earlier would fail. SageMaker has no dry run; its endpoints take
 * minutes to come into service, long after their policies.
 */
export async function probe(event: ProbeEvent, client: Pick<LambdaClient, 'send'>): Promise<ProbeResult> {
  const problems = await Promise.all(
    event.targets.map(async (target) => {
      if (target.kind !== 'lambda') {
        return [];
      }
      try {
        await client.send(new InvokeCommand({ FunctionName: target.functionArn, InvocationType: 'DryRun' }));
        return [];
      } catch (error) {
        return [`${target.functionArn}: ${(error as Error).name}: ${(error as Error).message}`];
      }
    }),
  );
  return { problems: problems.flat() };
}
