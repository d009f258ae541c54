import { setTimeout as sleep } from 'node:timers/promises';
import type { Account, StackName } from './account';
import { type Check, seen, Unseen } from './check';
import { deployed, failures } from './serving';

/** A deployment of another model under load; `meanwhile` runs once the candidate has answered a request. */
async function rollOut(account: Account, stack: StackName, version: string, meanwhile: () => Promise<void> = async () => {}): Promise<{
  readonly said: string; readonly failed: readonly string[]; readonly lastCandidate: number; readonly candidates: number;
}> {
  const deployment = account.deploy(stack, { version }).then(() => 'deployed', String);
  let told = false;
  const tell = async (): Promise<void> => {
    for (let attempt = 0; attempt < 600 && !told; attempt++) {
      const { variant } = await account.invoke(stack, '{"x":1}', { 'x-caller-id': `scout-${attempt}` });
      if (variant === 'candidate') {
        told = true;
        await meanwhile();
      }
      await sleep(500);
    }
  };
  const [{ replies, result }] = await Promise.all([account.load(stack, deployment.finally(() => (told = true))), tell()]);
  if (result.status === 'rejected') {
    throw result.reason;
  }
  const candidates = replies.filter(({ variant }) => variant === 'candidate');
  return { said: result.value, failed: failures(replies), lastCandidate: candidates.at(-1)?.sentAt ?? 0, candidates: candidates.length };
}

export const rollouts: Check[] = [
  {
    id: 'lambda-alias', stack: 'AliasCheck', minutes: 25, dollars: 0.02,
    onlyOnAws: 'the emulator has neither metrics of Lambda by version nor schedules that call it',
    claim: 'An alias of Lambda moves by its own weights, judged by Lambda\'s metrics: a good version has all, one that fails is taken back and the deployment fails with the reason',
    how: 'deploys v1, then v2 and a version that raises, while the alias is invoked ten times a second',
    async run(account) {
      await deployed(account, 'AliasCheck');
      const invoked = async (deployment: Promise<unknown>): Promise<ReadonlySet<string>> => {
        const executed = new Set<string>();
        let going = true;
        const ended = deployment.finally(() => (going = false)).catch(() => undefined);
        while (going) {
          executed.add((await account.invokeAlias('AliasCheck')).executed);
          await sleep(100);
        }
        await ended;
        return executed;
      };
      const good = await invoked(account.deploy('AliasCheck', { version: 'v2' }));
      let said = '';
      const bad = await invoked(account.deployInVain('AliasCheck', { version: 'v3', fails: true }).then((text) => (said = text)));
      const after = await account.invokeAlias('AliasCheck');
      return seen(good.size === 2 && bad.size === 2 && /rolled back/.test(said) && after.ok,
        `${good.size} versions answered while v2 was deployed, ${bad.size} while v3 was; ${/rolled back[^\n]{0,120}/.exec(said)?.[0] ?? said.slice(-200)}; afterwards ${after.ok ? 'answered' : 'FAILED'} by ${after.executed}`);
    },
  },
  {
    id: 'promotion', stack: 'CanaryCheck', minutes: 9, dollars: 0.02,
    claim: 'A good model is promoted, and no request fails meanwhile',
    how: 'deploys v1, then v2 under two callers',
    async run(account) {
      await deployed(account, 'CanaryCheck');
      const { said, failed, candidates } = await rollOut(account, 'CanaryCheck', 'v2');
      const { body } = await account.invoke('CanaryCheck', '{"x":1}');
      return seen(said === 'deployed' && failed.length === 0 && body.toString().includes('v2'), `${said.slice(0, 200)}; ${candidates} responses of the candidate; ${failed.length} failed ${failed.slice(0, 2).join(' ')}`);
    },
  },
  {
    id: 'rejection', stack: 'CanaryCheck', minutes: 8, dollars: 0.02,
    claim: 'A model that fails is rolled back, the deployment fails with the reason, the stack ends in UPDATE_ROLLBACK_COMPLETE and nobody saw a failure',
    how: 'deploys a model that raises on everything; its alarm is set by hand where metrics do not arrive by themselves',
    async run(account) {
      await deployed(account, 'CanaryCheck');
      const deployment = account.deployInVain('CanaryCheck', { version: 'v3', fails: true });
      const trip = account.isEmulated ? sleep(25_000).then(() => account.setAlarm('CanaryCheck', 'ALARM')) : Promise.resolve();
      const [{ replies, result }] = await Promise.all([account.load('CanaryCheck', deployment), trip]);
      const status = await account.status('CanaryCheck');
      if (account.isEmulated) {
        await account.setAlarm('CanaryCheck', 'OK');
      }
      const said = result.status === 'fulfilled' ? result.value : String(result.reason);
      const failed = failures(replies);
      return seen(/rolled back/.test(said) && status === 'UPDATE_ROLLBACK_COMPLETE' && failed.length === 0,
        `${/rolled back[^\n]{0,120}/.exec(said)?.[0] ?? said.slice(-200)}; ${status}; ${failed.length} failed ${failed.slice(0, 2).join(' ')}`);
    },
  },
  {
    id: 'alarm', stack: 'CanaryCheck', minutes: 6, dollars: 0.02,
    claim: 'From an alarm to the last request that the candidate gets it is 15 seconds at most',
    how: 'sets the alarm in the first step and looks at every response',
    async run(account) {
      await deployed(account, 'CanaryCheck');
      let alarmAt = 0;
      const { lastCandidate } = await rollOut(account, 'CanaryCheck', 'v4', async () => {
        await sleep(5_000);
        alarmAt = Date.now();
        await account.setAlarm('CanaryCheck', 'ALARM');
      });
      await account.setAlarm('CanaryCheck', 'OK');
      const seconds = (lastCandidate - alarmAt) / 1_000;
      return seen(alarmAt > 0 && seconds < 15, `${seconds.toFixed(1)} s`);
    },
  },
  {
    id: 'cancel', stack: 'CanaryCheck', minutes: 8, dollars: 0.02,
    onlyOnAws: 'the emulator does not cancel a resource that is under way',
    claim: 'Cancelling an update in the middle of a rollout brings production back, and the stack ends in UPDATE_ROLLBACK_COMPLETE',
    how: 'cancels the update once the candidate answers',
    async run(account) {
      await deployed(account, 'CanaryCheck');
      const { failed } = await rollOut(account, 'CanaryCheck', 'v5', () => account.cancelUpdate('CanaryCheck'));
      const status = await account.reaches('CanaryCheck', 'UPDATE_ROLLBACK_COMPLETE');
      const replies = await Promise.all(Array.from({ length: 20 }, (_, index) => account.invoke('CanaryCheck', '{"x":1}', { 'x-caller-id': `after-${index}` })));
      return seen(status === 'UPDATE_ROLLBACK_COMPLETE' && failed.length === 0 && replies.every(({ variant }) => variant === 'production'), `${status}; ${failed.length} failed`);
    },
  },
  {
    id: 'signed-once', stack: 'ApprovalCheck', minutes: 12, dollars: 0.02,
    claim: 'The address of a wait condition is signed once, and an update that comes after its day does not need it',
    how: 'compares the handle\'s address before and after an update of the route; on the emulator a day passes in between',
    async run(account) {
      await account.deploy('ApprovalCheck', { version: 'v1' });
      const handles = async (): Promise<string> => (await account.resources('ApprovalCheck')).filter(({ ResourceType: type }) => type === 'AWS::CloudFormation::WaitConditionHandle').map(({ PhysicalResourceId: id }) => id).join();
      const before = await handles();
      if (account.isEmulated) {
        await fetch(`${account.place.url}/_teeth/expire-handles`, { method: 'POST' });
      }
      await account.deploy('ApprovalCheck', { version: 'v1', otherwise: true });
      const status = await account.status('ApprovalCheck');
      if (!/COMPLETE$/.test(status)) {
        throw new Unseen(status);
      }
      return seen(true, `${status}; the address ${before === await handles() ? 'stayed as it was' : 'changed with the resource'}; ${/X-Amz-Expires=\d+/.exec(before)?.[0] ?? 'no time of expiry in it'}`);
    },
  },
];
