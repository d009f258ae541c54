import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { gate, type GatePorts } from '../../../lambda/gate/gate';
import { answerCallback, answerResource, signalCondition } from '../../../lambda/shared/answer';
import type { StoredRoute } from '../../../lambda/shared/routes/route-records';
import { GATE_READINESS_SECONDS } from '../../../lib/core/gate';
import type { DeclaredRoute } from '../../../lib/core/routing/route';
import { route, serveHttp, variant } from '../../fixtures/serving';

const declare = (...names: string[]): string => {
  const { revision: _, ...declared } = route(names.map((name, i) => variant(name, { role: i === 0 ? 'production' : 'candidate' })));
  return JSON.stringify(declared satisfies DeclaredRoute);
};

const event = (type: 'Create' | 'Update' | 'Delete', json: string, properties: object = {}): CloudFormationCustomResourceEvent =>
  ({
    RequestType: type,
    RequestId: `request for ${json}`,
    StackId: 'stack',
    LogicalResourceId: 'Route',
    OldResourceProperties: {},
    ResourceProperties: { Table: 'routes', Alias: 'fraud/live', Route: json, RouterFunction: 'router', DrainSeconds: '34', ...properties },
  }) as unknown as CloudFormationCustomResourceEvent;

/** A gate over a table in memory, and a clock that only sleeping moves. */
function world(options: { notReadyFor?: number; conflicts?: number } = {}): {
  ports: GatePorts;
  stored: () => StoredRoute | undefined;
  slept: number[];
  probes: () => number;
  write: (json: string, revision: number) => void;
} {
  let record: StoredRoute | undefined;
  let now = 0;
  let probes = 0;
  let conflicts = options.conflicts ?? 0;
  const slept: number[] = [];
  return {
    ports: {
      records: {
        read: async () => record,
        write: async (_table, _key, replaced, json, memory = replaced?.memory) => {
          if (conflicts-- > 0 || replaced?.revision !== record?.revision) {
            return false;
          }
          record = { revision: (replaced?.revision ?? 0) + 1, json, memory };
          return true;
        },
        remove: async () => {
          record = undefined;
          return true;
        },
      },
      aliasProblem: async () => undefined,
    probe: async () => {
        probes++;
        return { problems: now < (options.notReadyFor ?? 0) * 1_000 ? ['arn: AccessDeniedException: not yet'] : [] };
      },
      sleep: async (ms) => {
        slept.push(ms);
        now += ms;
      },
      now: () => now,
      start: async () => {},
      stackStatus: async () => 'UPDATE_IN_PROGRESS',
      warn: () => {},
    },
    stored: () => record,
    slept,
    probes: () => probes,
    write: (json, revision) => (record = { json, revision }),
  };
}

test('the first route is written at once', async () => {
  const { ports, stored, slept } = world();
  await gate(event('Create', declare('v1')), ports);
  expect(stored()).toMatchObject({ revision: 1, json: declare('v1') });
  expect(slept).toEqual([]);
});

test('CloudFormation is held until a version that left the route has drained', async () => {
  const { ports, stored, slept } = world();
  await gate(event('Create', declare('v1')), ports);
  await gate(event('Update', declare('v2')), ports);
  expect(stored()).toMatchObject({ revision: 2, json: declare('v2') });
  expect(slept).toEqual([34_000]);
});

test('a version that stays in the route need not drain', async () => {
  const { ports, slept } = world();
  await gate(event('Create', declare('v1')), ports);
  await gate(event('Update', declare('v2', 'v1')), ports);
  expect(slept).toEqual([]);
});

test('the same event again changes nothing', async () => {
  const { ports, stored, slept } = world();
  await gate(event('Update', declare('v1')), ports);
  await gate(event('Update', declare('v1')), ports);
  expect(stored()?.revision).toBe(1);
  expect(slept).toEqual([]);
});

test('a rollback is an update with the old route', async () => {
  const { ports, stored } = world();
  await gate(event('Create', declare('v1')), ports);
  await gate(event('Update', declare('v2')), ports);
  await gate({ ...event('Update', declare('v1')), RequestId: 'rollback' }, ports);
  expect(stored()).toMatchObject({ revision: 3, json: declare('v1') });
});

test('a permission that takes its time is waited for, before anything is written', async () => {
  const { ports, stored, slept, probes } = world({ notReadyFor: 7 });
  await gate(event('Create', declare('v1')), ports);
  expect(stored()?.revision).toBe(1);
  expect(slept).toEqual([2_000, 2_000, 2_000, 2_000]);
  expect(probes()).toBe(5);
});

test('fails with the version and the reason when the router may never call it, and leaves the route alone', async () => {
  const { ports, stored } = world({ notReadyFor: GATE_READINESS_SECONDS * 2 });
  await expect(gate(event('Create', declare('v1')), ports)).rejects.toThrow(/could not call 1 of 1 versions within 120 s: arn: AccessDenied/);
  expect(stored()).toBeUndefined();
});

test('another writer is given way to and then replaced', async () => {
  const { ports, stored } = world({ conflicts: 3 });
  await gate(event('Update', declare('v1')), ports);
  expect(stored()?.revision).toBe(1);
});

test('fails when others write without end', async () => {
  const { ports } = world({ conflicts: 1_000 });
  await expect(gate(event('Update', declare('v1')), ports)).rejects.toThrow(/changed by others 10 times/);
});

test('a record that cannot be read is replaced', async () => {
  const { ports, stored, write, slept } = world();
  write('{"schema":9}', 4);
  await gate(event('Update', declare('v1')), ports);
  expect(stored()).toMatchObject({ revision: 5, json: declare('v1') });
  expect(slept).toEqual([]);
});

test('a deletion removes the record, twice too', async () => {
  const { ports, stored } = world();
  await gate(event('Create', declare('v1')), ports);
  await gate(event('Delete', declare('v1')), ports);
  await gate(event('Delete', declare('v1')), ports);
  expect(stored()).toBeUndefined();
});

test.each([
  [{ Table: '' }, /property Table is missing/],
  [{ Route: '{"schema":9}' }, /schema is 9/],
  [{ Route: '{' }, /not JSON/],
  [{ DrainSeconds: 'soon' }, /DrainSeconds is "soon"/],
])('fails for %j', async (properties, reason) => {
  const { ports, stored } = world();
  await expect(gate(event('Create', declare('v1'), properties), ports)).rejects.toThrow(reason);
  expect(stored()).toBeUndefined();
});

describe('keys of conversations', () => {
  const talk = (version: string, source: 'session' | 'inference-id'): string => {
    const assignment = source === 'session' ? { source, lifetimeSeconds: 3_600 } : { source };
    const { revision: _, ...declared } = route([variant('production', { version })], { assignment });
    return JSON.stringify(declared satisfies DeclaredRoute);
  };

  test('are made with the alias, stay when it changes, whoever else writes its record, and are in no route', async () => {
    const { ports, stored } = world();
    await gate(event('Create', talk('v1', 'session')), ports);
    const keys = stored()!.memory!.sessionKeys!;
    expect(keys).toEqual([{ id: expect.stringMatching(/^[0-9a-f]{6}$/), key: expect.any(String), from: 0 }]);
    expect(Buffer.from(keys[0].key, 'base64')).toHaveLength(32);
    // The same request again, the next version, and a controller.
    await gate(event('Create', talk('v1', 'session')), ports);
    await gate(event('Update', talk('v2', 'session')), ports);
    await ports.records.write('routes', 'fraud/live', stored(), talk('v3', 'session'));
    expect(stored()!.memory!.sessionKeys).toEqual(keys);
    expect(stored()!.json).not.toContain(keys[0].key);
  });

  test('are followed by others with a deployment after a month, and there are none where no conversation stays', async () => {
    const { ports, stored } = world();
    await gate(event('Create', talk('v1', 'session')), ports);
    const [first] = stored()!.memory!.sessionKeys!;
    await ports.sleep(31 * 86_400_000);
    await gate(event('Update', talk('v2', 'session')), ports);
    const next = { id: expect.not.stringMatching(first.id), key: expect.any(String), from: expect.any(Number) };
    expect(stored()!.memory!.sessionKeys).toEqual([first, next]);
    const other = world();
    await gate(event('Create', talk('v1', 'inference-id')), other.ports);
    expect(other.stored()!.memory).not.toHaveProperty('sessionKeys');
  });
});

describe('the answer to CloudFormation', () => {
  const asked = (url: string): Parameters<typeof answerResource>[0] =>
    ({ url, stackId: 's', requestId: 'r', logicalResourceId: 'l', physicalResourceId: 'fraud/live' });
  const sleep = async (): Promise<void> => {};

  test('is repeated until it arrives, and never longer than CloudFormation takes', async () => {
    const bodies: string[] = [];
    const server = await serveHttp((request, body, response) => {
      bodies.push(`${request.method} ${request.headers['content-type'] ?? ''} ${body}`);
      response.writeHead(bodies.length < 3 ? 503 : 200).end();
    });
    await answerResource(asked(server.url), 'FAILED', 'x'.repeat(9_000), sleep);
    await server.close();
    expect(bodies).toHaveLength(3);
    expect(bodies[2].length).toBeLessThan(4_096);
    expect(JSON.parse(bodies[2].replace(/^PUT {2}/, ''))).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'fraud/live', StackId: 's', RequestId: 'r' });
  });

  test.each([
    ['a text of three bytes a character', 'エラー率が高い。'.repeat(900)],
    ['quotation marks and line breaks, which JSON escapes', '"\n\u0001'.repeat(2_000)],
    ['emoji, which are two units of JavaScript and one character', '🔥'.repeat(3_000)],
  ])('has at most 4,096 bytes, whatever the reason is: %s', async (_, reason) => {
    const bodies: Buffer[] = [];
    const server = await serveHttp((_request, body, response) => {
      bodies.push(body);
      response.writeHead(200).end();
    });
    await answerResource(asked(server.url), 'FAILED', reason, sleep);
    await signalCondition(server.url, 'r', 'FAILED', reason, sleep);
    await server.close();
    expect(bodies).toHaveLength(2);
    for (const body of bodies) {
      expect(body.byteLength).toBeLessThanOrEqual(4_096);
      // As much as there is room for, and no half character.
      expect(body.byteLength).toBeGreaterThan(3_900);
      const { Reason: said } = JSON.parse(body.toString()) as { Reason: string };
      expect(reason.startsWith(said.slice(0, -1))).toBe(true);
      expect(Buffer.from(said).toString()).toBe(said);
    }
  });

  test('of a rollout that was not promoted ends with the address of help', async () => {
    const said: string[] = [];
    const server = await serveHttp((_request, body, response) => {
      said.push((JSON.parse(body.toString()) as { Reason: string }).Reason);
      response.writeHead(200).end();
    });
    const reasons = [{ kind: 'aborted', by: 'ada', because: 'late' }] as const;
    await answerCallback({ kind: 'response', ...asked(server.url) }, { result: 'rolled back', reasons, sentence: 'rolled back: aborted by ada: late' }, sleep);
    await answerCallback({ kind: 'wait-condition', url: server.url, uniqueId: 'r' }, { result: 'rolled back', reasons, sentence: 'rolled back: aborted by ada: late' }, sleep);
    await answerCallback({ kind: 'response', ...asked(server.url) }, { result: 'rolled back', sentence: 'rolled back: by a controller of before' }, sleep);
    await answerCallback({ kind: 'response', ...asked(server.url) }, { result: 'promoted', reasons: [{ kind: 'ready', notes: [] }], sentence: 'promoted: ready' }, sleep);
    await server.close();
    const withHelp = expect.stringMatching(/^rolled back: aborted by ada: late\. See https:\S+\/troubleshooting\.md#ended-aborted$/);
    expect(said).toEqual([withHelp, withHelp, 'rolled back: by a controller of before', 'promoted: ready']);
  });

  test('fails loudly when it cannot arrive', async () => {
    const server = await serveHttp((_, __, response) => response.writeHead(403).end());
    await expect(answerResource(asked(server.url), 'SUCCESS', 'done', sleep)).rejects.toThrow(/could not be answered: status 403/);
    await server.close();
  });
});
