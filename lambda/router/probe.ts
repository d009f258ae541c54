import type { LambdaClient } from '@aws-sdk/client-lambda';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { ProbeEvent, ProbeResult } from '../shared/router-protocol';

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
