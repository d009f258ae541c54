import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { settle, type SettlePorts } from '../../../lambda/gate/settle';
import type { RolloutPlan } from '../../../lib/core/rollout/plan';
import { route, serveHttp, variant } from '../../fixtures/serving';
import { plan } from '../../fixtures/plan';
import { World } from '../../fixtures/world';

const DAY_MS = 86_400_000;

/**
 * CloudFormation as far as the gate meets it: it calls with the properties before and after, takes answers, and signs a handle's address
 * once, for a day. After that S3 answers 403, as it does here.
 */
class CloudFormation {
  readonly world = new World();
  readonly answers: { Status: string; Reason: string }[] = [];
  readonly signals: string[] = [];
  /** Changes what the gate has at hand. */
  ports: Partial<SettlePorts> = {};
  private readonly signedAt = new Map<string, number>();
  private properties: { [name: string]: string } = {};
  private requests = 0;
  private url = '';
  private close: () => Promise<void> = async () => {};

  async start(): Promise<this> {
    const server = await serveHttp((request, body, response) => {
      const [, kind, name] = request.url!.split('/');
      if (kind === 'handle') {
        if (this.world.now > this.signedAt.get(name)! + DAY_MS) {
          response.writeHead(403).end('<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>');
          return;
        }
        this.signals.push(name);
      } else {
        this.answers.push(JSON.parse(body.toString()) as { Status: string; Reason: string });
      }
      response.writeHead(200).end();
    });
    this.url = server.url;
    this.close = server.close;
    return this;
  }

  /** The address of a handle, which is the same for as long as the handle is. */
  handle(name: string): string {
    if (!this.signedAt.has(name)) {
      this.signedAt.set(name, this.world.now);
    }
    return `${this.url}/handle/${name}`;
  }

  propertiesOf(version: string, planned: RolloutPlan | undefined, changes: { [name: string]: string } = {}): { [name: string]: string } {
    const { revision: _, ...declared } = route([variant('production', { version })]);
    return {
      Table: 'routes', Alias: 'fraud/live', Route: JSON.stringify(declared), RouterFunction: 'router', DrainSeconds: '34',
      ...(planned === undefined ? {} : { Plan: JSON.stringify(planned) }),
      ...(planned?.answer === 'wait-condition' ? { WaitHandle: this.handle(version) } : {}),
      ...changes,
    };
  }

  /** Ask, and resolve to what was answered; undefined if nothing was. */
  async ask(type: 'Create' | 'Update' | 'Delete', properties: { [name: string]: string } = this.properties, ports: Partial<SettlePorts> = this.ports): Promise<string | undefined> {
    const event = {
      RequestType: type, RequestId: `request-${this.requests++}`, StackId: 'stack', LogicalResourceId: 'Route', PhysicalResourceId: 'fraud/live',
      ResponseURL: `${this.url}/response`, ResourceProperties: properties, OldResourceProperties: type === 'Update' ? this.properties : undefined,
    } as unknown as CloudFormationCustomResourceEvent;
    this.properties = type === 'Delete' ? this.properties : properties;
    const heard = this.answers.length;
    await settle(event, 2 ** 31 - 1, { ...this.world.gatePorts(), info: () => {}, error: () => {}, ...ports });
    const answer = this.answers[heard] as { Status: string; Reason: string } | undefined;
    return answer && (answer.Status === 'SUCCESS' ? answer.Status : `${answer.Status}: ${answer.Reason}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const waiting = plan({ answer: 'wait-condition' });

describe('the handle of a wait condition is signalled where a condition can be waiting', () => {
  test('at once, where no rollout was needed', async () => {
    await using cloudFormation = await new CloudFormation().start();
    expect(await cloudFormation.ask('Create', cloudFormation.propertiesOf('v1', waiting))).toBe('SUCCESS');
    expect(cloudFormation.signals).toEqual(['v1']);
  });

  test('not once more when something else of the alias changes, a day later', async () => {
    await using cloudFormation = await new CloudFormation().start();
    await cloudFormation.ask('Create', cloudFormation.propertiesOf('v1', waiting));
    cloudFormation.world.now += DAY_MS + 1;
    expect(await cloudFormation.ask('Update', cloudFormation.propertiesOf('v1', { ...waiting, minimumRequests: 7 }))).toBe('SUCCESS');
    expect(cloudFormation.signals).toEqual(['v1']);
  });

  test('not when a rejected version\'s stack goes back to the version of months ago', async () => {
    await using cloudFormation = await new CloudFormation().start();
    await cloudFormation.ask('Create', cloudFormation.propertiesOf('v1', waiting));
    cloudFormation.world.now += 60 * DAY_MS;
    expect(await cloudFormation.ask('Update', cloudFormation.propertiesOf('v2', waiting))).toBe('SUCCESS');
    cloudFormation.world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    expect(await cloudFormation.ask('Update', cloudFormation.propertiesOf('v1', waiting))).toBe('SUCCESS');
    expect(cloudFormation.signals).toEqual(['v1']);
    expect(await cloudFormation.world.shares()).toEqual({ v1: 100 });
  });

  test('when a longer deadline brings another handle for the same version', async () => {
    await using cloudFormation = await new CloudFormation().start();
    await cloudFormation.ask('Create', cloudFormation.propertiesOf('v1', waiting));
    cloudFormation.world.now += DAY_MS + 1;
    const other = cloudFormation.propertiesOf('v1', waiting, { WaitHandle: cloudFormation.handle('v1-longer') });
    expect(await cloudFormation.ask('Update', other)).toBe('SUCCESS');
    expect(cloudFormation.signals).toEqual(['v1', 'v1-longer']);
  });

  test('a new one that takes no signal fails the deployment, which would wait for hours otherwise', async () => {
    await using cloudFormation = await new CloudFormation().start();
    const expired = cloudFormation.propertiesOf('v1', waiting);
    cloudFormation.world.now += DAY_MS + 1;
    expect(await cloudFormation.ask('Create', expired)).toBe('FAILED: Error: CloudFormation could not be answered: status 403');
  });

  test('a rollout whose handle is an old one has nobody to tell', async () => {
    await using cloudFormation = await new CloudFormation().start();
    const { world } = cloudFormation;
    await cloudFormation.ask('Create', cloudFormation.propertiesOf('v1', waiting));
    await cloudFormation.ask('Update', cloudFormation.propertiesOf('v2', waiting, { WaitHandle: cloudFormation.handle('v1') }));
    expect(await world.rollouts.callback(world.started[0].name)).toBeUndefined();
  });
});

describe('faults of the gate', () => {
  const PHASES = ['first deployment', 'update', 'rollback', 'delete'] as const;
  const FAULTS: { readonly [what: string]: (cloudFormation: CloudFormation) => void } = {
    'route table fails': ({ world }) => {
      world.db.fault = (_call, table) => { if (table === 'routes') { throw new Error('the route table fails'); } };
    },
    'table of rollouts fails': ({ world }) => {
      world.db.fault = (_call, table) => { if (table === 'rollouts') { throw new Error('the table of rollouts fails'); } };
    },
    'router may not call the version': (cloudFormation) => {
      cloudFormation.ports = { probe: async () => ({ problems: ['AccessDeniedException'] }) };
    },
    'router does not start': (cloudFormation) => {
      cloudFormation.ports = { probe: async () => { throw new Error('the router does not start'); } };
    },
    'state machine cannot be started': (cloudFormation) => {
      cloudFormation.ports = { start: async () => { throw new Error('no execution was started'); } };
    },
    'state of the stack cannot be read': (cloudFormation) => {
      cloudFormation.ports = { stackStatus: async () => { throw new Error('DescribeStacks is throttled'); } };
    },
    'wait condition\'s handle has expired': ({ world }) => {
      world.now += DAY_MS + 1;
    },
    'record cannot be read by this version': ({ world }) => {
      const read = world.routes.read.bind(world.routes);
      world.routes.read = async (...args) => { const stored = await read(...args); return stored && { ...stored, json: '{"schema":9}' }; };
    },
    'declared route cannot be read by this version': (cloudFormation) => {
      const propertiesOf = cloudFormation.propertiesOf.bind(cloudFormation);
      cloudFormation.propertiesOf = (...args) => ({ ...propertiesOf(...args), Route: '{"schema":9}' });
    },
    'others write the record without end': ({ world }) => {
      world.routes.write = async () => false;
    },
  };

  /** What CloudFormation hears, and which version has all requests afterwards. */
  async function outcome(fault: string, phase: (typeof PHASES)[number]): Promise<string> {
    await using cloudFormation = await new CloudFormation().start();
    const { world } = cloudFormation;
    const first = cloudFormation.propertiesOf('v1', waiting);
    if (phase !== 'first deployment') {
      await cloudFormation.ask('Create', first);
    }
    if (phase === 'rollback') {
      // The update had gone through when something else of the stack failed.
      await cloudFormation.ask('Update', cloudFormation.propertiesOf('v2', undefined));
      world.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    }
    const second = cloudFormation.propertiesOf('v2', waiting);
    const { fault: none } = world.db;
    const { read, write } = world.routes;
    FAULTS[fault](cloudFormation);
    const given = (properties: { [name: string]: string }): { [name: string]: string } => ({ ...properties, Route: cloudFormation.propertiesOf(properties === second ? 'v2' : 'v1', waiting).Route });
    const asked = ({ 'first deployment': ['Create', first], 'update': ['Update', second], 'rollback': ['Update', first] } as const)[phase as string] ?? (['Delete', first] as const);
    const heard = await cloudFormation.ask(asked[0], given(asked[1]));
    world.db.fault = none;
    Object.assign(world.routes, { read, write });
    world.now += (waiting.leaseSeconds + 5) * 1_000;
    const serving = Object.keys(await world.shares());
    expect(serving.length).toBeLessThan(2);
    const version = new Map([[undefined, 'none'], ['v1', 'old']]).get(serving[0]) ?? 'new';
    return `${heard?.startsWith('FAILED') === true ? 'FAILED' : heard ?? 'nothing'}; ${version}`;
  }

  test('docs/faults.md says what CloudFormation hears when something fails for good, and which version serves', async () => {
    const rows: string[] = [];
    for (const fault of Object.keys(FAULTS)) {
      const cells: string[] = [];
      for (const phase of PHASES) {
        cells.push(await outcome(fault, phase));
      }
      rows.push(`| ${fault} | ${cells.join(' | ')} |`);
    }
    const table = [`| what fails | ${PHASES.join(' | ')} |`, `| --- | ${PHASES.map(() => '---').join(' | ')} |`, ...rows].join('\n');
    expect(readFileSync(join(__dirname, '../../../docs/faults.md'), 'utf8')).toContain(table);
  });
});
