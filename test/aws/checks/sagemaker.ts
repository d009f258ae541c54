import { ApplicationAutoScalingClient, DescribeScalableTargetsCommand } from '@aws-sdk/client-application-auto-scaling';
import type { Account, StackName } from './account';
import { type Check, seen } from './check';
import { packModels } from './pack-models';
import { failures } from './serving';

/** Why a check is skipped there. */
export const NO_SAGEMAKER = 'the emulator has no SageMaker';

async function twoVersions(account: Account, stack: StackName): Promise<string> {
  packModels();
  await account.deploy(stack, { version: 'v1' });
  const first = await account.invoke(stack, '{"x":1}');
  const { replies, result } = await account.load(stack, account.deploy(stack, { version: 'v2' }));
  if (result.status === 'rejected') {
    throw result.reason;
  }
  const last = await account.invoke(stack, '{"x":1}');
  const failed = failures(replies);
  return seen(first.body.toString().includes('v1') && last.body.toString().includes('v2') && failed.length === 0,
    `${first.body} before, ${last.body} after; ${failed.length} of ${replies.length} requests failed ${failed.slice(0, 2).join(' ')}`);
}

export const sageMaker: Check[] = [
  {
    id: 'sagemaker-serverless', stack: 'ServerlessCheck', minutes: 25, dollars: 0.05, onlyOnAws: NO_SAGEMAKER,
    claim: 'AWS accepts the resources of a serverless model from one of SageMaker\'s own images, and a second version is promoted',
    how: 'deploys v1, then v2 under two callers',
    run: (account) => twoVersions(account, 'ServerlessCheck'),
  },
  {
    id: 'sagemaker-instances', stack: 'InstancesCheck', minutes: 45, dollars: 0.2, onlyOnAws: NO_SAGEMAKER,
    claim: 'AWS accepts the resources of a model on instances with autoscaling, and a second version is promoted',
    how: 'deploys v1 on one ml.m5.large, then v2 under two callers',
    run: (account) => twoVersions(account, 'InstancesCheck'),
  },
  {
    id: 'sagemaker-components', stack: 'ComponentsCheck', minutes: 60, dollars: 0.3, onlyOnAws: NO_SAGEMAKER,
    claim: 'AWS accepts inference components on shared instances; a second version that is made with no copy gets one from its rollout, and is promoted',
    how: 'deploys v1 on one ml.m5.large, then v2 with copies.initial 0 under two callers',
    run: (account) => twoVersions(account, 'ComponentsCheck'),
  },
  {
    id: 'sagemaker-capacity', stack: 'InstancesCheck', minutes: 30, dollars: 0.15, onlyOnAws: NO_SAGEMAKER,
    claim: 'While a candidate has a share, production\'s endpoint keeps its instances; afterwards its least capacity is what was declared',
    how: 'reads the scalable targets during a third rollout and after it',
    async run(account) {
      const scaling = new ApplicationAutoScalingClient({ region: account.region });
      const least = async (): Promise<string> => {
        const { ScalableTargets: targets = [] } = await scaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'sagemaker' }));
        return targets.filter(({ ResourceId: id }) => id?.toLowerCase().includes('instancescheck'))
          .map(({ MinCapacity: min, SuspendedState: state }) => `${min}${state?.DynamicScalingInSuspended === true ? ' held' : ''}`).join(' and ');
      };
      const seenMeanwhile = new Set<string>();
      let over = false;
      const deployment = account.deploy('InstancesCheck', { version: 'v3' }).finally(() => (over = true));
      const watch = async (): Promise<void> => {
        while (!over) {
          seenMeanwhile.add(await least());
          await new Promise((resolve) => setTimeout(resolve, 10_000));
        }
      };
      await Promise.all([account.load('InstancesCheck', deployment), watch()]);
      const after = await least();
      return seen(after === '1' && [...seenMeanwhile].some((state) => state.includes(' and ')), `meanwhile ${[...seenMeanwhile].join('; ')}; afterwards ${after}`);
    },
  },
];
