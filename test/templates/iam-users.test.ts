import { runSimulation } from '@cloud-copilot/iam-simulate';
import { type Run, runCli } from '../fixtures/fake-aws';
import { ACCOUNT, type Deployed, policiesOf, REGION, stackId } from '../fixtures/deployed';
import { OURS, peoplesShop, STACK, THEIRS, worldOf } from '../fixtures/peoples-shop';

// The command that ships runs every verb once; what it calls is compared with what grants and managed policies of a stack with two rollouts
// allow to people.

const READ = ['status', 'history'];
const ORDERS = ['pause', 'resume', 'approve', 'promote', 'retry'];

/** Verbs for which no construct gives permissions. */
const ELSEWHERE: { readonly [verb: string]: string } = {
  compare: 'reads metrics and logs that have no rollout; the README names the permissions', plan: 'calls nothing', rehearse: 'calls nothing', cost: 'calls nothing', registry: 'reads no stack; the guide names the permissions', help: 'calls nothing',
  evidence: 'reads a bucket and a key, which the store\'s own grantRead allows: test/evidence',
  watch: 'reads and orders as the others do, until it is ended; the guide names the permission to read metrics besides',
};

/** By the name of a role, what it may do; orders are for all rollouts of a stack. */
const HOLDERS: { readonly [role: string]: { readonly orders: readonly string[]; readonly reads: readonly string[] } } = {
  reader: { orders: [], reads: [OURS] },
  stopper: { orders: ['abort'], reads: [OURS] },
  operator: { orders: ORDERS, reads: [OURS] },
  abortPolicy: { orders: ['abort'], reads: [OURS, THEIRS, 'all'] },
  operatePolicy: { orders: ORDERS, reads: [OURS, THEIRS, 'all'] },
};

interface Asked {
  readonly action: string;
  readonly resource: string;
  readonly alias?: string;
}

let shop: Deployed;
/** By `verb alias`, what the command called. */
const calls = new Map<string, readonly Asked[]>();
/** By role, the commands that it may give, and what they used of its permissions. */
const may = new Map<string, string[]>();
const used = new Map<string, Set<string>>();

beforeAll(async () => {
  shop = peoplesShop();
  const world = worldOf(shop);
  const named = [OURS, THEIRS].flatMap((alias) => [...READ, 'abort', ...ORDERS].map((verb) => [verb, alias]));
  for (const [verb, alias] of [...named, ['status', 'all']]) {
    const run = await runCli([verb, ...(alias === 'all' ? [] : [alias]), '--stack', STACK], world);
    expect([verb, run.code, run.stderr]).toEqual([verb, 0, '']);
    calls.set(`${verb} ${alias}`, run.calls.filter(({ action }) => action !== 'sts:GetCallerIdentity').map(asked));
  }
  for (const role of Object.keys(HOLDERS)) {
    const [done, permissions] = [[] as string[], new Set<string>()];
    for (const [command, made] of calls) {
      const allowed = await Promise.all(made.map((call) => allows(role, call)));
      if (allowed.every(Boolean)) {
        done.push(command);
        made.forEach(({ action, resource }) => permissions.add(`${action} ${resource}`));
      }
    }
    may.set(role, done);
    used.set(role, permissions);
  }
});

test('every verb of the command is tried, or there is a reason', async () => {
  const verbs = [...(await runCli(['--help'])).stdout.matchAll(/^ {2}([a-z]+) \[/gm)].map(([, verb]) => verb);
  expect(verbs.sort()).toEqual([...READ, 'abort', ...ORDERS, ...Object.keys(ELSEWHERE)].sort());
});

test.each(Object.entries(HOLDERS))('no call of what %s is for is denied, and everything else is', (role, { orders, reads }) => {
  const expected = [...reads.flatMap((alias) => READ.map((verb) => `${verb} ${alias}`)), ...[OURS, THEIRS].flatMap((alias) => orders.map((verb) => `${verb} ${alias}`))];
  expect(may.get(role)!.sort()).toEqual(expected.filter((command) => calls.has(command)).sort());
});

test.each(Object.keys(HOLDERS))('everything that %s allows is used by the command', (role) => {
  const allowed = policiesOf(shop, role).flatMap(({ policy }) => policy.Statement).flatMap(({ Action: actions, Resource: resources }) =>
    [actions].flat().flatMap((action) => [resources].flat().map((resource) => `${action} ${resource}`)));
  expect([...new Set(allowed)].sort()).toEqual([...used.get(role)!].sort());
});

/** What IAM looks at: `sts:GetCallerIdentity` needs no permission, and stacks are authorized by their whole id. */
function asked({ action, input }: Run['calls'][number]): Asked {
  const arn = (service: string, resource: unknown): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${String(resource)}`;
  const { Key: key, ExpressionAttributeValues: values } = input as { Key?: { alias: { S: string } }; ExpressionAttributeValues?: { ':alias': { S: string } } };
  switch (action) {
    case 'cloudformation:ListStackResources':
      return { action, resource: stackId(String(input.StackName)) };
    case 'lambda:InvokeFunction':
      return { action, resource: arn('lambda', `function:${String(input.FunctionName)}`) };
    default:
      return { action, resource: arn('dynamodb', `table/${String(input.TableName)}`), alias: key?.alias.S ?? values?.[':alias'].S };
  }
}

async function allows(role: string, { action, resource, alias }: Asked): Promise<boolean> {
  const result = await runSimulation({
    request: {
      principal: `arn:aws:iam::${ACCOUNT}:role/${role}`, action, resource: { resource, accountId: ACCOUNT }, contextVariables: alias === undefined ? {} : { 'dynamodb:LeadingKeys': [alias] },
    },
    identityPolicies: policiesOf(shop, role), serviceControlPolicies: [], resourceControlPolicies: [],
  }, {});
  expect(result).not.toMatchObject({ resultType: 'error' });
  return result.resultType !== 'error' && result.overallResult === 'Allowed';
}
