import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { gate, type GateResult } from '../../../lambda/gate/gate';
import { rename } from '../../../lambda/gate/rename';
import { DynamoDbRouteStore } from '../../../lambda/shared/routes/route-store';
import type { RolloutPlan } from '../../../lib/core/rollout/plan';
import { plan } from '../../fixtures/plan';
import { World } from '../../fixtures/world';
import { route, variant } from '../../fixtures/serving';

const ROUTER_A = 'arn:aws:lambda:eu-west-1:111111111111:function:router-a';
const ROUTER_B = 'arn:aws:lambda:eu-west-1:111111111111:function:router-b';

/** A resource as the template declares it; each has functions of its own for its versions. */
interface Declared {
  readonly id: string;
  readonly router: string;
  readonly version: string;
  readonly alias?: string;
  readonly plan?: RolloutPlan;
  readonly candidate?: string;
}

const a: Declared = { id: 'RouteA', router: ROUTER_A, version: 'v1' };
const b: Declared = { id: 'RouteB', router: ROUTER_B, version: 'v1' };

class Stack {
  readonly world = new World();
  private requests = 0;

  ask(type: 'Create' | 'Update' | 'Delete', declared: Declared, old?: Declared, request = `request-${this.requests++}`): Promise<GateResult> {
    const at = (name: string, owner: Declared): object => variant(name, {
      version: name === 'candidate' ? owner.candidate! : owner.version, role: name === 'candidate' ? 'candidate' : 'production',
      target: { kind: 'lambda', functionArn: `arn:of:${owner.id}:${owner.version}`, contract: 'json', maxRequestBytes: 1_000 },
    });
    const propertiesOf = (each: Declared): object => {
      const { revision: _, ...declaredRoute } = route([at('production', each) as ReturnType<typeof variant>]);
      return {
        Table: 'routes', Alias: each.alias ?? 'fraud/live', Route: JSON.stringify(declaredRoute), RouterFunction: each.router, DrainSeconds: '34',
        ...(each.plan && { Plan: JSON.stringify(each.plan) }), ...(each.candidate && { Candidate: JSON.stringify(at('candidate', each)) }),
      };
    };
    return gate({
      RequestType: type, RequestId: request, StackId: 'stack', LogicalResourceId: declared.id, PhysicalResourceId: declared.alias ?? 'fraud/live',
      ResponseURL: 'https://cloudformation.invalid', ResourceProperties: propertiesOf(declared), OldResourceProperties: propertiesOf(old ?? declared),
    } as unknown as CloudFormationCustomResourceEvent, this.world.gatePorts());
  }

  /** The function that a router sends requests to. */
  async servedBy(router: string, alias = 'fraud/live'): Promise<string | undefined> {
    const [endpoint, name] = alias.split('/');
    const store = new DynamoDbRouteStore(this.world.db, 'routes', endpoint, router.split(':').at(-1));
    const target = (await store.read(name))?.variants[0].target;
    return target?.kind === 'lambda' ? target.functionArn : undefined;
  }
}

describe('an endpoint that moves in the construct tree', () => {
  test('serves all the time: the old router goes on with the old functions until it is deleted, the new one with the new', async () => {
    const stack = new Stack();
    await stack.ask('Create', a);
    await stack.ask('Create', b);
    expect(await stack.servedBy(ROUTER_A)).toBe('arn:of:RouteA:v1');
    expect(await stack.servedBy(ROUTER_B)).toBe('arn:of:RouteB:v1');
    const before = stack.world.now;
    await stack.ask('Delete', a);
    // Requests that API Gateway still sends to the old router have ended before it is deleted.
    expect(stack.world.now - before).toBe(34_000);
    expect(await stack.servedBy(ROUTER_B)).toBe('arn:of:RouteB:v1');
    expect((await stack.world.routes.read('routes', 'fraud/live'))?.memory).toMatchObject({ owner: 'stack RouteB' });
    expect((await stack.world.routes.read('routes', 'fraud/live'))?.memory?.former).toBeUndefined();
  });

  test('gets its route back when the deployment of the move is rolled back', async () => {
    const stack = new Stack();
    await stack.ask('Create', a);
    await stack.ask('Create', b);
    stack.world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    const before = stack.world.now;
    await stack.ask('Delete', b);
    expect(stack.world.now - before).toBe(34_000);
    expect(await stack.servedBy(ROUTER_A)).toBe('arn:of:RouteA:v1');
    stack.world.stackStatus = 'UPDATE_IN_PROGRESS';
    await stack.ask('Update', { ...a, version: 'v2' }, a);
    expect(await stack.servedBy(ROUTER_A)).toBe('arn:of:RouteA:v2');
    await stack.ask('Delete', a);
    expect(await stack.world.route()).toBeUndefined();
  });

  test('deletes nothing when its creation was refused', async () => {
    const stack = new Stack();
    await stack.ask('Create', { ...a, plan: plan() });
    await expect(stack.ask('Create', { ...b, version: 'v2', plan: plan() })).rejects.toThrow(/deploy the move first, and the model after it/);
    await stack.ask('Delete', { ...b, version: 'v2', plan: plan() });
    expect(await stack.servedBy(ROUTER_A)).toBe('arn:of:RouteA:v1');
  });

  test('is refused while an experiment runs, which goes on', async () => {
    const stack = new Stack();
    const detached = plan({ answer: 'detached' });
    await stack.ask('Create', { ...a, plan: detached, candidate: 'v2' });
    await stack.world.task('prepare');
    await stack.world.task('shift');
    await expect(stack.ask('Create', { ...b, plan: detached, candidate: 'v2' })).rejects.toThrow(/moves in the construct tree while a rollout is under way on fraud\/live/);
    await stack.ask('Delete', { ...b, plan: detached, candidate: 'v2' });
    expect(await stack.world.shares()).toEqual({ v1: 95, v2: 5 });
    expect((await stack.world.task('judge')).verdict).toBe('hold');
  });

  test('keeps what it knows of rejected versions', async () => {
    const stack = new Stack();
    await stack.ask('Create', { ...a, plan: plan() });
    await stack.world.rollouts.reject('fraud/live', { version: 'v2', rolloutId: 'r', reason: 'errors', at: 0 });
    await stack.ask('Create', { ...b, plan: plan() });
    await stack.ask('Delete', { ...a, plan: plan() });
    await expect(stack.ask('Update', { ...b, plan: plan(), version: 'v2' }, b)).rejects.toThrow(/was rejected/);
  });

  test('an abort, a controller and whoever else changes the route leave its owner as it is', async () => {
    const stack = new Stack();
    await stack.ask('Create', { ...a, plan: plan() });
    await stack.ask('Update', { ...a, version: 'v2', plan: plan() }, a);
    await stack.world.task('prepare');
    await stack.world.task('shift');
    await stack.world.order('abort');
    expect((await stack.world.routes.read('routes', 'fraud/live'))?.memory).toMatchObject({ owner: 'stack RouteA', router: ROUTER_A });
  });

  test('a stack refactoring, which gives a resource another logical id without a word, is no second owner', async () => {
    const stack = new Stack();
    await stack.ask('Create', a);
    await stack.ask('Update', { ...a, id: 'Renamed', version: 'v2' }, a);
    expect(await stack.servedBy(ROUTER_A)).toBe('arn:of:Renamed:v2');
    await stack.ask('Delete', { ...a, id: 'Renamed' });
    expect(await stack.world.route()).toBeUndefined();
  });
});

describe('two endpoints of one name, which synthesis could not see', () => {
  test('each router serves by its own declaration, and one that is deleted takes nothing from the other', async () => {
    const stack = new Stack();
    await stack.ask('Create', a);
    await stack.ask('Create', { ...b, version: 'v9' });
    expect(await stack.servedBy(ROUTER_A)).toBe('arn:of:RouteA:v1');
    await stack.ask('Update', { ...a, version: 'v2' }, a);
    expect(await stack.servedBy(ROUTER_A)).toBe('arn:of:RouteA:v2');
    expect(await stack.servedBy(ROUTER_B)).toBe('arn:of:RouteB:v9');
    await stack.ask('Delete', a);
    expect(await stack.servedBy(ROUTER_B)).toBe('arn:of:RouteB:v9');
  });
});

describe('a change of endpointName', () => {
  const named: Declared = { ...a, plan: plan(), alias: 'risk/live' };
  const before: Declared = { ...a, plan: plan() };

  test('begins where the old name stands: a changed model is rolled out, and both names serve until the old one is removed', async () => {
    const stack = new Stack();
    await stack.ask('Create', before);
    expect(await stack.ask('Update', { ...named, version: 'v2' }, before)).toEqual({ answer: 'later' });
    expect(stack.world.started).toHaveLength(1);
    expect(await stack.servedBy(ROUTER_A, 'risk/live')).toBe('arn:of:RouteA:v1');
    expect(await stack.servedBy(ROUTER_A)).toBe('arn:of:RouteA:v1');
    await stack.ask('Delete', before);
    expect(await stack.servedBy(ROUTER_A, 'risk/live')).toBe('arn:of:RouteA:v1');
    expect(await stack.servedBy(ROUTER_A)).toBeUndefined();
  });

  /** What CloudFormation asks for before it tells the routers of the name. */
  const name = (stack: Stack, endpoint: string, type: 'Create' | 'Update' = 'Update'): Promise<void> => rename({
    RequestType: type, RequestId: 'name', StackId: 'stack', LogicalResourceId: 'Name', ResourceProperties: { Table: 'routes', Endpoint: endpoint, Routes: 'RouteA,RouteBeta' },
  } as unknown as CloudFormationCustomResourceEvent, stack.world.gatePorts());

  test.each(['Create', 'Update'] as const)('loses no request: all routes are there under the new name before a router looks for them (%s)', async (type) => {
    const stack = new Stack();
    await stack.ask('Create', before);
    await stack.ask('Create', { ...a, id: 'RouteBeta', alias: 'fraud/beta', version: 'v7' });
    await stack.ask('Create', { ...b, alias: 'other/live', version: 'v9' });
    const started = stack.world.now;
    await name(stack, 'risk', type);
    // The permission to read them has had time to be known.
    expect(stack.world.now - started).toBe(20_000);
    expect(await stack.servedBy(ROUTER_A, 'risk/live')).toBe('arn:of:RouteA:v1');
    expect(await stack.servedBy(ROUTER_A, 'risk/beta')).toBe('arn:of:RouteBeta:v7');
    expect(await stack.servedBy(ROUTER_A)).toBe('arn:of:RouteA:v1');
    expect(await stack.servedBy(ROUTER_B, 'other/live')).toBe('arn:of:RouteB:v9');
    // Then the alias itself: a changed model is rolled out from what stands.
    expect(await stack.ask('Update', { ...named, version: 'v2' }, before)).toEqual({ answer: 'later' });
    await stack.ask('Delete', before);
    expect(await stack.servedBy(ROUTER_A, 'risk/live')).toBe('arn:of:RouteA:v1');
  });

  test('back again with its stack, every name is there when a router looks for it', async () => {
    const stack = new Stack();
    await stack.ask('Create', before);
    await name(stack, 'risk');
    await stack.ask('Update', named, before);
    stack.world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    await name(stack, 'fraud');
    await stack.ask('Update', before, named);
    await stack.ask('Delete', named);
    expect(await stack.servedBy(ROUTER_A)).toBe('arn:of:RouteA:v1');
  });

  test('copies nothing, and waits for nothing, where the name stays', async () => {
    const stack = new Stack();
    await stack.ask('Create', before);
    const started = stack.world.now;
    await name(stack, 'fraud');
    expect(stack.world.now).toBe(started);
    expect(await stack.world.route('risk/live')).toBeUndefined();
  });

  test('does not fail a deployment, or its way back, when routes cannot be copied', async () => {
    const stack = new Stack();
    await stack.ask('Create', before);
    stack.world.db.fault = () => { throw new Error('the table fails'); };
    await name(stack, 'risk');
  });

  test('does not admit a version that was rejected under the old name', async () => {
    const stack = new Stack();
    await stack.ask('Create', before);
    await stack.world.rollouts.reject('fraud/live', { version: 'v2', rolloutId: 'r', reason: 'errors', at: 0 });
    await expect(stack.ask('Update', { ...named, version: 'v2' }, before)).rejects.toThrow(/was rejected/);
    expect(await stack.world.rollouts.rejections('risk/live')).toHaveLength(1);
  });

  test('is refused while an experiment runs, which goes on after the stack is back', async () => {
    const stack = new Stack();
    const experiment: Declared = { ...a, plan: plan({ answer: 'detached' }), candidate: 'v2' };
    await stack.ask('Create', experiment);
    await stack.world.task('prepare');
    await stack.world.task('shift');
    await name(stack, 'risk');
    const renamed: Declared = { ...experiment, alias: 'risk/live' };
    await expect(stack.ask('Update', renamed, experiment)).rejects.toThrow(/gets another name while a rollout is under way on fraud\/live/);
    stack.world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    await stack.ask('Update', experiment, renamed);
    expect(stack.world.started).toHaveLength(1);
    expect(await stack.world.shares()).toEqual({ v1: 95, v2: 5 });
    expect((await stack.world.task('judge')).verdict).toBe('hold');
  });

  test('goes back with its stack', async () => {
    const stack = new Stack();
    await stack.ask('Create', before);
    await stack.ask('Update', named, before);
    stack.world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    await stack.ask('Update', before, named);
    await stack.ask('Delete', named);
    expect(await stack.servedBy(ROUTER_A)).toBe('arn:of:RouteA:v1');
    expect(await stack.world.route('risk/live')).toBeUndefined();
  });

  test('two endpoints may change names with one another', async () => {
    const stack = new Stack();
    const other: Declared = { ...b, version: 'v9', alias: 'risk/live' };
    await stack.ask('Create', a);
    await stack.ask('Create', other);
    await stack.ask('Update', { ...other, alias: 'fraud/live' }, other);
    await stack.ask('Update', { ...a, alias: 'risk/live' }, a);
    await stack.ask('Delete', a);
    await stack.ask('Delete', other);
    expect(await stack.servedBy(ROUTER_B, 'fraud/live')).toBe('arn:of:RouteB:v9');
    expect(await stack.servedBy(ROUTER_A, 'risk/live')).toBe('arn:of:RouteA:v1');
  });
});

describe('a request of CloudFormation that Lambda delivers twice', () => {
  test('is answered no sooner than the first, while requests drain', async () => {
    const stack = new Stack();
    await stack.ask('Create', a);
    const v2: Declared = { ...a, version: 'v2' };
    const { sleep } = stack.world.gatePorts();
    let second: Promise<GateResult> | undefined;
    let waited = 0;
    stack.world.gatePorts = ((ports) => () => ({
      ...ports(),
      sleep: async (ms: number) => {
        if (second === undefined) {
          second = Promise.resolve({ answer: 'now' });
          const start = stack.world.now;
          second = stack.ask('Update', v2, a, 'twice');
          await second;
          waited = stack.world.now - start;
        } else {
          await sleep(ms);
        }
      },
    }))(stack.world.gatePorts.bind(stack.world));
    await stack.ask('Update', v2, a, 'twice');
    expect(waited).toBe(34_000);
  });

  test('changes nothing when it comes after the stack was rolled back', async () => {
    const stack = new Stack();
    await stack.ask('Create', a);
    await stack.ask('Update', { ...a, version: 'v2' }, a, 'twice');
    stack.world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    await stack.ask('Update', a, { ...a, version: 'v2' });
    stack.world.stackStatus = 'UPDATE_ROLLBACK_COMPLETE';
    await stack.ask('Update', { ...a, version: 'v2' }, a, 'twice');
    expect(await stack.servedBy(ROUTER_A)).toBe('arn:of:RouteA:v1');
  });

  test('is refused once more when it was refused, also after the stack was rolled back', async () => {
    const stack = new Stack();
    const planned: Declared = { ...a, plan: plan() };
    const bad: Declared = { ...planned, version: 'v2' };
    await stack.ask('Create', planned);
    await stack.world.rollouts.reject('fraud/live', { version: 'v2', reason: 'it failed', at: 1, rolloutId: 'before' });
    await expect(stack.ask('Update', bad, planned, 'twice')).rejects.toThrow(/was rejected/);
    stack.world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    await stack.ask('Update', planned, bad);
    for (const status of ['UPDATE_ROLLBACK_COMPLETE', 'UPDATE_ROLLBACK_IN_PROGRESS', 'UPDATE_COMPLETE']) {
      stack.world.stackStatus = status;
      await expect(stack.ask('Update', bad, planned, 'twice')).rejects.toThrow(/was rejected/);
      expect(await stack.servedBy(ROUTER_A)).toBe('arn:of:RouteA:v1');
    }
    expect(stack.world.started).toEqual([]);
  });

  test('is no return to it when it comes late, whatever the stack did last', async () => {
    const stack = new Stack();
    const planned: Declared = { ...a, plan: plan() };
    await stack.ask('Create', planned);
    await stack.world.rollouts.reject('fraud/live', { version: 'v2', reason: 'it failed', at: 1, rolloutId: 'before' });
    stack.world.stackStatus = 'UPDATE_ROLLBACK_COMPLETE';
    await expect(stack.ask('Update', { ...planned, version: 'v2' }, planned)).rejects.toThrow(/was rejected/);
    expect(await stack.servedBy(ROUTER_A)).toBe('arn:of:RouteA:v1');
  });

  test('nor does one that changed nothing, after another has', async () => {
    const stack = new Stack();
    await stack.ask('Create', a);
    await stack.ask('Update', a, a, 'twice');
    await stack.ask('Update', { ...a, version: 'v2' }, a);
    await stack.ask('Update', a, a, 'twice');
    expect(await stack.servedBy(ROUTER_A)).toBe('arn:of:RouteA:v2');
  });

  test('begins no second rollout when the first was cancelled', async () => {
    const stack = new Stack();
    const planned: Declared = { ...a, plan: plan() };
    await stack.ask('Create', planned);
    await stack.ask('Update', { ...planned, version: 'v2' }, planned, 'twice');
    stack.world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    await stack.ask('Update', planned, { ...planned, version: 'v2' });
    expect(await stack.ask('Update', { ...planned, version: 'v2' }, planned, 'twice')).toEqual({ answer: 'later' });
    expect((await stack.world.route())?.rollout).toBeUndefined();
    expect(stack.world.started).toHaveLength(1);
  });

  test('completes a rollout whose first delivery died before the controller was started', async () => {
    const stack = new Stack();
    const planned: Declared = { ...a, plan: plan() };
    await stack.ask('Create', planned);
    const { gatePorts } = stack.world;
    stack.world.gatePorts = () => ({ ...gatePorts.call(stack.world), start: async () => { throw new Error('died'); } });
    await expect(stack.ask('Update', { ...planned, version: 'v2' }, planned, 'twice')).rejects.toThrow('died');
    stack.world.gatePorts = gatePorts;
    expect(await stack.ask('Update', { ...planned, version: 'v2' }, planned, 'twice')).toEqual({ answer: 'later' });
    expect(stack.world.started).toHaveLength(1);
  });
});
