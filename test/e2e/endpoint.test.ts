import { DeleteFunctionCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { DeleteTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { setTimeout as sleep } from 'node:timers/promises';
import { rows } from '../../examples/digits/data';
import { inParallel, type Reply } from '../../scripts/emulator/client';
import { isRight, Stage, startContainer, startSageMakerRuntime } from './stage';

let stage: Stage;
let runtime: Awaited<ReturnType<typeof startSageMakerRuntime>>;
let container: Awaited<ReturnType<typeof startContainer>>;
const sageMakerEndpoints: { [name: string]: string } = {};

beforeAll(async () => {
  container = await startContainer('v2');
  runtime = await startSageMakerRuntime(() => sageMakerEndpoints);
  // The router finds the stand-in as it would find any other address of a service: through the SDK's own variable.
  stage = await Stage.open({ AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: runtime.url });
});

afterAll(async () => {
  await stage?.close();
  await runtime?.stop();
  container?.stop();
});

const functions = async (): Promise<string[]> => {
  const { Functions: list = [] } = await new LambdaClient(stage.clientConfig).send(new ListFunctionsCommand({}));
  return list.map((fn) => fn.FunctionName ?? '').filter((name) => /-versions-.*-[0-9a-f]{12}$/.test(name));
};

describe('a split of 80 and 20', () => {
  let replies: Reply[];

  beforeAll(async () => {
    await stage.deploy([{ name: 'v1', artifact: 'v1', weight: 80 }, { name: 'v2', artifact: 'v2', weight: 20 }]);
    replies = await inParallel(rows, 4, (_, index) => stage.ask(index));
  });

  const of = (variant: string): number[] => replies.flatMap((reply, index) => (reply.variant === variant ? [index] : []));

  test('answers every request', () => {
    expect(replies.filter((reply) => reply.status !== 200)).toEqual([]);
  });

  test('gives the shares within binomial error', () => {
    const share = of('v2').length;
    // Four standard deviations.
    expect(Math.abs(share - 0.2 * rows.length)).toBeLessThan(4 * Math.sqrt(rows.length * 0.2 * 0.8));
  });

  test('gives the same caller the same version', async () => {
    const again = await inParallel(rows.slice(0, 60), 4, (_, index) => stage.ask(index + 1, `caller-${index}`));
    expect(again.map((reply) => reply.variant)).toEqual(replies.slice(0, 60).map((reply) => reply.variant));
  });

  test('serves the better model better', () => {
    const accuracy = (variant: string): number => of(variant).filter((index) => isRight(replies[index], index)).length / of(variant).length;
    expect(accuracy('v2')).toBeGreaterThan(accuracy('v1'));
    expect(accuracy('v1')).toBeGreaterThan(0.75);
    expect(replies.every((reply) => (JSON.parse(reply.text) as { model: string }).model === reply.variant)).toBe(true);
  });

  test('answers with the caller\'s inference id, or one of its own', async () => {
    const body = JSON.stringify({ pixels: rows[0].pixels });
    expect((await stage.client.invoke(body, { 'x-amzn-sagemaker-inference-id': 'mine-1' })).inferenceId).toBe('mine-1');
    expect((await stage.client.invoke(body)).inferenceId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each<[string, string, { [name: string]: string }, string, number, string]>([
    ['a body that is not valid JSON', '{nope', {}, 'live', 400, 'MALFORMED_REQUEST'],
    ['no body', '', {}, 'live', 400, 'MALFORMED_REQUEST'],
    ['an alias that is not there', '{}', {}, 'nope', 404, 'ALIAS_NOT_FOUND'],
    ['a variant that the caller may not choose', '{}', { 'x-amzn-sagemaker-target-variant': 'v2' }, 'live', 403, 'TARGET_VARIANT_NOT_ALLOWED'],
    ['another type', 'a,b', { 'content-type': 'text/csv' }, 'live', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['input that the model raises on', '{"pixels":[1]}', { 'x-caller-id': 'one' }, 'live', 424, 'MODEL_ERROR'],
    ['a body beyond Lambda\'s limit', JSON.stringify({ pad: 'x'.repeat(6_300_000) }), {}, 'live', 413, 'PAYLOAD_TOO_LARGE'],
  ])('fails for %s', async (_, body, headers, alias, status, code) => {
    const reply = await stage.client.invoke(body, headers, alias);
    expect(reply.status).toBe(status);
    expect((JSON.parse(reply.text) as { error: unknown }).error).toEqual({
      code,
      message: expect.any(String),
      inferenceId: reply.inferenceId,
    });
    expect(reply.text).not.toMatch(/Traceback|\.py|node_modules/);
  });
});

describe('a second deployment', () => {
  test('moves the alias without one failed request, and removes the old versions', async () => {
    const before = await functions();
    let deployed = false;
    const replies: Reply[] = [];
    const load = inParallel([0, 1, 2], 3, async (_, lane) => {
      for (let i = 0; !deployed; i++) {
        replies.push(await stage.ask(i, `load-${lane}-${i}`));
      }
    });
    await stage.deploy([{ name: 'production', artifact: 'v2' }]);
    await sleep(1_000);
    deployed = true;
    await load;

    expect(replies.filter((reply) => reply.status !== 200)).toEqual([]);
    expect(replies[0].variant).toMatch(/^v[12]$/);
    expect(replies.at(-1)!.variant).toBe('production');
    const last = replies.findLastIndex((reply) => reply.variant !== 'production');
    expect(replies.slice(last + 1).length).toBeGreaterThan(0);
    const after = await functions();
    expect(before).toHaveLength(2);
    // v2 is the same version under another name, so its function stayed.
    expect(after).toHaveLength(1);
    expect(before).toContain(after[0]);
  });
});

describe('candidates that fail', () => {
  test('raise, hang or are deleted, and no caller notices', async () => {
    await stage.deploy([
      { name: 'production', artifact: 'v2', weight: 0 },
      { name: 'failing', artifact: 'v1', defect: 'failing', weight: 1 },
      { name: 'slow', artifact: 'v1', defect: 'slow', weight: 1, budgetSeconds: 1 },
    ]);
    const replies = await inParallel(rows.slice(0, 80), 4, (_, index) => stage.ask(index));
    expect(replies.filter((reply) => reply.status !== 200)).toEqual([]);
    const byVariant = (name: string): number => replies.filter((reply) => reply.variant === name).length;
    // The slow one never answers in time; the failing one does for the inputs that it can.
    expect(byVariant('slow')).toBe(0);
    expect(byVariant('failing')).toBeGreaterThan(0);
    expect(byVariant('production')).toBeGreaterThan(0);

    const lambda = new LambdaClient(stage.clientConfig);
    const { Functions: list = [] } = await lambda.send(new ListFunctionsCommand({}));
    const failing = list.find((fn) => fn.Environment?.Variables?.MODEL_DEFECT === 'failing')!;
    await lambda.send(new DeleteFunctionCommand({ FunctionName: failing.FunctionName }));
    const orphaned = await inParallel(rows.slice(0, 20), 4, (_, index) => stage.ask(index));
    expect(orphaned.map((reply) => [reply.status, reply.variant])).toEqual(orphaned.map(() => [200, 'production']));
  });
});

describe('a SageMaker backend', () => {
  test('shares an alias with a Lambda function, and its failure is production\'s to answer', async () => {
    sageMakerEndpoints['digits-v2'] = container.url;
    await stage.deploy([{ name: 'lambda', artifact: 'v1', weight: 1 }, { name: 'sagemaker', sageMakerEndpoint: 'digits-v2', weight: 1 }]);
    const replies = await inParallel(rows.slice(0, 100), 4, (_, index) => stage.ask(index));
    expect(replies.filter((reply) => reply.status !== 200)).toEqual([]);
    const own = replies.filter((reply) => reply.variant === 'sagemaker');
    expect(Math.abs(own.length - 50)).toBeLessThan(20);
    expect(own.every((reply) => (JSON.parse(reply.text) as { model: string }).model === 'v2')).toBe(true);
    expect(runtime.seen.map((request) => request.inferenceId)).toEqual(expect.arrayContaining([own[0].inferenceId]));

    delete sageMakerEndpoints['digits-v2'];
    const orphaned = await inParallel(rows.slice(0, 20), 4, (_, index) => stage.ask(index));
    expect(orphaned.map((reply) => [reply.status, reply.variant])).toEqual(orphaned.map(() => [200, 'lambda']));
  });
});

describe('the route table', () => {
  test('that is gone leaves the last known route', async () => {
    const warm = await inParallel(rows.slice(0, 8), 4, (_, index) => stage.ask(index));
    expect(warm.every((reply) => reply.status === 200)).toBe(true);
    const dynamoDb = new DynamoDBClient(stage.clientConfig);
    const { TableNames: tables = [] } = await dynamoDb.send(new ListTablesCommand({}));
    await dynamoDb.send(new DeleteTableCommand({ TableName: tables[0] }));
    await sleep(6_000);
    const replies = await inParallel(rows.slice(0, 20), 1, (_, index) => stage.ask(index));
    expect(replies.filter((reply) => reply.status === 200).length).toBeGreaterThan(0);
    // Routers that had not read the route before have none; they say so, and nothing else happens.
    expect([...new Set(replies.filter((reply) => reply.status !== 200).map((reply) => reply.status))]).toEqual(
      replies.every((reply) => reply.status === 200) ? [] : [503],
    );
  });
});
