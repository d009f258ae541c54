import { spawn } from 'node:child_process';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveHttp } from '../lambda/fixtures';

// CloudFormation, DynamoDB, Lambda and STS as far as the command speaks with them, over their wire protocols.

export const BUNDLE = join(__dirname, '../../assets/cli/index.mjs');

export interface Resource {
  readonly logicalId: string;
  readonly physicalId?: string;
  readonly type: string;
  readonly status?: string;
}

export interface Failure {
  readonly status: number;
  readonly type: string;
  readonly message: string;
}

export interface Reply {
  readonly functionError?: boolean;
  readonly body: string;
}

export interface World {
  readonly stacks?: { readonly [name: string]: readonly Resource[] };
  /** Route records by alias. */
  readonly routes?: { readonly [alias: string]: { readonly revision: string; readonly route: string } };
  /** Contents of items of rollouts by alias and sort key; a function is asked at every read. */
  readonly rollouts?: { readonly [alias: string]: { readonly [item: string]: string | (() => string) } };
  /** Items of one page of a query, resources of one page of a list. */
  readonly pageSize?: number;
  /** Sums of metrics by `name of the metric, name of the shadow`, of the present hour. */
  readonly metrics?: { readonly [metric: string]: number };
  /** Lines by log group. */
  readonly logs?: { readonly [group: string]: readonly string[] };
  readonly functions?: { readonly [name: string]: (event: { [name: string]: unknown }) => Reply };
  /** Asked at every call; without an answer the call succeeds. */
  readonly fail?: (action: string, input: { [name: string]: unknown }) => Failure | undefined;
}

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Actions called, with their input. */
  readonly calls: readonly { readonly action: string; readonly input: { [name: string]: unknown }; readonly region?: string }[];
  /** The one document on stdout. */
  json(): { [name: string]: unknown };
}

export const CALLER = 'arn:aws:sts::111122223333:assumed-role/ops/ada';

export async function fakeAws(world: World): Promise<{ url: string; calls: Run['calls'][number][]; close: () => Promise<void> }> {
  const calls: Run['calls'][number][] = [];
  const server = await serveHttp((request, body, response) => {
    const { action, input, protocol } = understand(request, body);
    calls.push({ action, input, region: /\/\d{8}\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] });
    const failure = world.fail?.(action, input);
    const answer = failure ?? answerOf(world, action, input);
    if ('type' in answer) {
      const headers = { json: { 'content-type': 'application/x-amz-json-1.0' }, rest: { 'x-amzn-errortype': answer.type }, query: { 'content-type': 'text/xml' } }[protocol];
      response.writeHead(answer.status, headers).end(protocol === 'query'
        ? `<ErrorResponse><Error><Type>Sender</Type><Code>${answer.type}</Code><Message>${answer.message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`
        : JSON.stringify({ __type: `com.amazonaws#${answer.type}`, message: answer.message, Message: answer.message }));
      return;
    }
    response.writeHead(200, answer.headers).end(answer.body);
  });
  return { url: server.url, close: server.close, calls };
}

/** Run the bundle that ships, against such a world. */
export async function runCli(args: readonly string[], world: World = {}, env: NodeJS.ProcessEnv = {}, cwd = tmpdir()): Promise<Run> {
  const aws = await fakeAws(world);
  const child = spawn(process.execPath, [BUNDLE, ...args], { cwd, env: cleanEnv(aws.url, env) });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (stdout += data));
  child.stderr.on('data', (data: Buffer) => (stderr += data));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  await aws.close();
  return { code, stdout, stderr, calls: aws.calls, json: () => JSON.parse(stdout) as { [name: string]: unknown } };
}

/** Nothing of the machine's own configuration. */
export function cleanEnv(url: string, env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries({
    PATH: process.env.PATH, HOME: '/nonexistent', AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x', AWS_ENDPOINT_URL: url,
    AWS_MAX_ATTEMPTS: '1', AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/nonexistent/config', AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials', ...env,
  }).filter(([, value]) => value !== undefined));
}

function understand(request: IncomingMessage, body: Buffer): { action: string; input: { [name: string]: unknown }; protocol: 'json' | 'rest' | 'query' } {
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') {
    const service = { GraniteServiceVersion20100801: 'cloudwatch', Logs_20140328: 'logs' }[target.split('.')[0]] ?? 'dynamodb';
    return { action: `${service}:${target.split('.')[1]}`, input: JSON.parse(String(body)) as { [name: string]: unknown }, protocol: 'json' };
  }
  const invocation = /^\/2015-03-31\/functions\/([^/]+)\/invocations/.exec(request.url ?? '');
  if (invocation !== null) {
    return { action: 'lambda:InvokeFunction', input: { FunctionName: decodeURIComponent(invocation[1]), Event: JSON.parse(String(body)) as unknown }, protocol: 'rest' };
  }
  const configuration = /^\/2015-03-31\/functions\/([^/]+)\/configuration/.exec(request.url ?? '');
  if (configuration !== null) {
    return { action: 'lambda:GetFunctionConfiguration', input: { FunctionName: decodeURIComponent(configuration[1]) }, protocol: 'rest' };
  }
  const input = Object.fromEntries(new URLSearchParams(String(body)));
  return { action: `${input.Action === 'GetCallerIdentity' ? 'sts' : 'cloudformation'}:${input.Action}`, input, protocol: 'query' };
}

function answerOf(world: World, action: string, input: { [name: string]: unknown }): Failure | { headers: { [name: string]: string }; body: string } {
  const xml = (body: string): { headers: { [name: string]: string }; body: string } => ({ headers: { 'content-type': 'text/xml' }, body });
  const json = (value: object): { headers: { [name: string]: string }; body: string } => ({ headers: { 'content-type': 'application/x-amz-json-1.0' }, body: JSON.stringify(value) });
  switch (action) {
    case 'sts:GetCallerIdentity':
      return xml(`<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>${CALLER}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`);
    case 'cloudformation:ListStackResources': {
      const resources = world.stacks?.[input.StackName as string];
      if (resources === undefined) {
        return { status: 400, type: 'ValidationError', message: `Stack with id ${String(input.StackName)} does not exist` };
      }
      const [from, size] = [Number(input.NextToken ?? 0), world.pageSize ?? 100];
      const members = resources.slice(from, from + size).map(({ logicalId, physicalId, type, status = 'CREATE_COMPLETE' }) =>
        `<member><LogicalResourceId>${logicalId}</LogicalResourceId>${physicalId === undefined ? '' : `<PhysicalResourceId>${physicalId}</PhysicalResourceId>`}<ResourceType>${type}</ResourceType><ResourceStatus>${status}</ResourceStatus><LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp></member>`);
      return xml(`<ListStackResourcesResponse><ListStackResourcesResult><StackResourceSummaries>${members.join('')}</StackResourceSummaries>${
        from + size < resources.length ? `<NextToken>${from + size}</NextToken>` : ''}</ListStackResourcesResult></ListStackResourcesResponse>`);
    }
    case 'dynamodb:GetItem': {
      const key = input.Key as { alias: { S: string }; item?: { S: string } };
      if (key.item === undefined) {
        const route = world.routes?.[key.alias.S];
        return json(route === undefined ? {} : { Item: { alias: key.alias, revision: { N: route.revision }, route: { S: route.route } } });
      }
      const content = world.rollouts?.[key.alias.S]?.[key.item.S];
      return json(content === undefined ? {} : { Item: { alias: key.alias, item: key.item, revision: { N: '1' }, content: { S: typeof content === 'string' ? content : content() } } });
    }
    case 'dynamodb:Query': {
      const values = input.ExpressionAttributeValues as { [name: string]: { S: string } };
      const start = (input.ExclusiveStartKey as { item: { S: string } } | undefined)?.item.S;
      const items = Object.entries(world.rollouts?.[values[':alias'].S] ?? {})
        .filter(([item]) => item.startsWith(values[':prefix'].S)).sort(([one], [other]) => (one < other ? 1 : -1))
        .filter(([item]) => start === undefined || item < start);
      const page = items.slice(0, Math.min(Number(input.Limit), world.pageSize ?? 100));
      return json({
        Items: page.map(([item, content]) => ({ alias: values[':alias'], item: { S: item }, content: { S: content } })), Count: page.length,
        ...(page.length < items.length ? { LastEvaluatedKey: { alias: values[':alias'], item: { S: page.at(-1)![0] } } } : {}),
      });
    }
    case 'cloudwatch:GetMetricData': {
      const queries = input.MetricDataQueries as { Id: string; MetricStat: { Metric: { MetricName: string; Dimensions: { Name: string; Value: string }[] } } }[];
      const hour = Math.floor(Date.now() / 3_600_000) * 3_600;
      return json({
        MetricDataResults: queries.map(({ Id: id, MetricStat: { Metric: { MetricName: metric, Dimensions: dimensions } } }) => {
          const value = world.metrics?.[`${metric}, ${dimensions.find(({ Name: name }) => name === 'Shadow')?.Value}`];
          return { Id: id, Label: id, StatusCode: 'Complete', Timestamps: value === undefined ? [] : [hour], Values: value === undefined ? [] : [value] };
        }),
      });
    }
    case 'lambda:GetFunctionConfiguration':
      return json({ FunctionName: input.FunctionName, LoggingConfig: { LogGroup: `log-of-${String(input.FunctionName)}` } });
    case 'logs:FilterLogEvents': {
      const lines = world.logs?.[input.logGroupName as string];
      if (lines === undefined) {
        return { status: 400, type: 'ResourceNotFoundException', message: 'The specified log group does not exist.' };
      }
      const [from, size] = [Number(input.nextToken ?? 0), world.pageSize ?? 100];
      return json({ events: lines.slice(from, from + size).map((message) => ({ message })), ...(from + size < lines.length ? { nextToken: String(from + size) } : {}) });
    }
    case 'lambda:InvokeFunction': {
      const reply = world.functions?.[input.FunctionName as string]?.(input.Event as { [name: string]: unknown });
      return reply === undefined
        ? { status: 404, type: 'ResourceNotFoundException', message: 'Function not found' }
        : { headers: reply.functionError === true ? { 'x-amz-function-error': 'Unhandled' } : {}, body: reply.body };
    }
    default:
      return { status: 400, type: 'UnknownOperationException', message: action };
  }
}
