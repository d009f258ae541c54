import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { DirectWorld } from '../../fixtures/direct-world';
import { pythonOfClients } from '../http/clients-process';

// What a rollout of an alias says to Lambda and EventBridge Scheduler, and what the schedule itself will say to Lambda, as AWS's own models
// of the services have it.

const faults = (calls: readonly object[]): unknown =>
  JSON.parse(execFileSync(pythonOfClients(), [join(__dirname, 'contract.py')], { input: JSON.stringify(calls), encoding: 'utf8' }));

test('every call of a whole rollout keeps to the models, and so does the schedule\'s own', async () => {
  const world = new DirectWorld();
  await world.begin();
  await world.walk();
  await world.request({ RequestType: 'Delete', RequestId: 'delete', ResourceProperties: { Table: 'routes', Alias: 'lambda:fraud/live', DrainSeconds: '0' } });
  const calls = world.aws.calls.map(({ operation, input }) => ({ service: operation.endsWith('Schedule') ? 'scheduler' : 'lambda', operation, input }));
  const later = calls.filter(({ operation }) => operation === 'UpdateSchedule')
    .map(({ input }) => ({ service: 'lambda', operation: 'UpdateAlias', input: JSON.parse((input as { Target: { Input: string } }).Target.Input) as object }));
  expect(new Set(calls.map(({ operation }) => operation))).toEqual(
    new Set(['GetAlias', 'CreateAlias', 'UpdateAlias', 'DeleteAlias', 'CreateSchedule', 'UpdateSchedule', 'DeleteSchedule']),
  );
  expect(later.length).toBeGreaterThan(10);
  expect(faults([...calls, ...later])).toEqual([]);
});

test('the check sees what AWS would refuse', () => {
  const [first, ...others] = faults([{ service: 'lambda', operation: 'UpdateAlias', input: { FunctionName: 'fraud', Name: 'live', RevisionId: 7 } }]) as string[];
  expect([first, others]).toEqual([expect.stringContaining('RevisionId'), []]);
});
