import { spawn } from 'node:child_process';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { serveHttp } from '../lambda/fixtures';
import { ACCOUNT, REGION } from './deployed';

/** A call of a service as a client has made it, and what IAM would look at. */
export interface Call {
  /** The function that called. */
  readonly by: string;
  readonly action: string;
  readonly resource: string;
  readonly context: { readonly [key: string]: string | string[] };
  readonly input: { readonly [name: string]: unknown };
  /** The body of a REST call. */
  readonly body: string;
}

type Item = { readonly [attribute: string]: { readonly S?: string; readonly N?: string } };

/** The services that handlers call, as far as it takes to go on, with tables that remember. It writes down every call. */
export class RecordingAws {
  public static async start(): Promise<RecordingAws> {
    const aws = new RecordingAws();
    const server = await serveHttp((request, body, response) => {
      const by = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? 'nobody';
      // Answers to CloudFormation come without a signature.
      if (request.url?.startsWith('/answer') === true) {
        aws.answers.push(body.toString('utf8'));
        response.writeHead(200).end();
        return;
      }
      const call = understand(by, request, body);
      aws.calls.push(call);
      const { type = 'application/x-amz-json-1.0', text } = aws.answer(call);
      response.writeHead(200, { 'content-type': type }).end(text);
    });
    aws.url = server.url;
    aws.close = server.close;
    return aws;
  }

  public url = '';
  public close: () => Promise<void> = async () => undefined;
  public readonly calls: Call[] = [];
  /** What CloudFormation was told. */
  public readonly answers: string[] = [];
  private readonly items = new Map<string, Map<string, Item>>();

  /** Run the bundle that ships, under a name, and let it handle events one after the other. */
  public run(name: string, asset: string, env: { readonly [name: string]: string }): Running {
    return new Running(name, join(__dirname, '../../assets', asset, 'index.mjs'), { ...env, AWS_ENDPOINT_URL: this.url });
  }

  private answer({ by, action, input, body }: Call): { type?: string; text: string } {
    const json = (value: object): { text: string } => ({ text: JSON.stringify(value) });
    const table = (): Map<string, Item> => {
      const { TableName: name } = input as { TableName?: string };
      const found = this.items.get(name!) ?? new Map<string, Item>();
      this.items.set(name!, found);
      return found;
    };
    switch (action) {
      case 'dynamodb:GetItem':
        return json({ Item: table().get(keyOf((input as { Key: Item }).Key)) });
      case 'dynamodb:PutItem':
        table().set(keyOf((input as { Item: Item }).Item), (input as { Item: Item }).Item);
        return json({});
      case 'dynamodb:UpdateItem':
        return json({ Attributes: { requests: { N: '1' } } });
      case 'dynamodb:DeleteItem':
        table().delete(keyOf((input as { Key: Item }).Key));
        return json({});
      case 'dynamodb:Query': {
        const [alias, beginning] = Object.values((input as { ExpressionAttributeValues: Item }).ExpressionAttributeValues).map(({ S: text = '' }) => text);
        return json({ Items: [...table().values()].filter((item) => item.alias.S === alias && item.item.S!.startsWith(beginning ?? '')) });
      }
      case 'lambda:InvokeFunction': {
        const { modelRollout } = (body.startsWith('{') ? JSON.parse(body) : {}) as { modelRollout?: string };
        if (modelRollout === 'probe') {
          return json({ problems: [] });
        }
        return json(modelRollout === 'ask' ? { outcome: { kind: 'answer', status: 200, body: '{"score":0.5}', latencyMs: 1 }, all: [], failures: 0 } : { score: 0.5, label: 'a', agrees: true, verdict: 'ok' });
      }
      case 'sagemaker:InvokeEndpoint':
        return { type: 'application/json', text: '{"score":0.5}' };
      case 'sagemaker:DescribeEndpoint':
        return json({ EndpointStatus: 'InService', EndpointConfigName: input.EndpointName, ProductionVariants: [{ VariantName: 'AllTraffic', CurrentInstanceCount: 2, DesiredInstanceCount: 2, CurrentWeight: 1 }] });
      case 'cloudformation:DescribeStacks':
        return { type: 'text/xml', text: '<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>s</StackName><StackStatus>UPDATE_IN_PROGRESS</StackStatus></member></Stacks></DescribeStacksResult></DescribeStacksResponse>' };
      case 'sns:Publish':
        return { type: 'text/xml', text: '<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>' };
      case 'ssm:GetCalendarState':
        return json({ State: 'OPEN' });
      case 'states:StartExecution':
        return json({ executionArn: 'arn:aws:states:eu-west-1:111111111111:execution:m:x', startDate: 0 });
      case 'events:PutEvents':
        return json({ FailedEntryCount: 0, Entries: [{ EventId: '1' }] });
      case 's3:GetObject':
        return { type: 'application/octet-stream', text: '{"x":1}{"score":0.5}' };
      case 's3:ListBucket':
        return { type: 'application/xml', text: `<ListBucketResult>${this.calls.filter((call) => call.action === 's3:ListBucket' && call.by === by).length > 1 ? '' : '<Contents><Key>k</Key></Contents>'}</ListBucketResult>` };
      case 's3:DeleteObject':
        return { type: 'application/xml', text: '<DeleteResult></DeleteResult>' };
      case 'application-autoscaling:DescribeScheduledActions': {
        const held = this.calls.findLast((call) => call.action === 'application-autoscaling:PutScheduledAction');
        return json({ ScheduledActions: held === undefined ? [] : [held.input] });
      }
      case 'application-autoscaling:DescribeScalableTargets':
        return json({ ScalableTargets: [{ MinCapacity: 1, MaxCapacity: 8 }] });
      default:
        return json({ MetricDataResults: [], MetricAlarms: [], CompositeAlarms: [], ScalableTargetARN: 'arn:aws:application-autoscaling:eu-west-1:111111111111:scalable-target/x' });
    }
  }
}

/** A bundle in a process of its own. */
export class Running {
  private readonly child: ReturnType<typeof spawn>;
  private readonly replies: ((reply: string) => void)[] = [];
  private stderr = '';

  constructor(private readonly name: string, bundle: string, env: { readonly [name: string]: string }) {
    // Nobody waits in real time for what is drained or retried; a router's own limits stay.
    const hurry = bundle.includes('router') || bundle.includes('mirror') ? '' : `
      import timers from 'node:timers/promises';
      import { syncBuiltinESMExports } from 'node:module';
      timers.setTimeout = (ms) => (ms > 300_000 ? new Promise(() => undefined) : Promise.resolve());
      syncBuiltinESMExports();`;
    const script = `${hurry}
      import { createInterface } from 'node:readline';
      const { handler } = await import(${JSON.stringify(bundle)});
      for await (const line of createInterface({ input: process.stdin })) {
        const reply = await handler(JSON.parse(line), { getRemainingTimeInMillis: () => 800_000, awsRequestId: 'r' }).catch((error) => ({ thrown: String(error?.stack ?? error) }));
        process.stdout.write('\\nREPLY ' + JSON.stringify(reply ?? null) + '\\n');
      }`;
    this.child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { PATH: process.env.PATH, AWS_REGION: REGION, AWS_ACCESS_KEY_ID: name, AWS_SECRET_ACCESS_KEY: 'x', AWS_LAMBDA_FUNCTION_NAME: name, POWERTOOLS_LOG_LEVEL: 'SILENT', ...env },
    });
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      if (line.startsWith('REPLY ')) {
        this.replies.shift()?.(line.slice(6));
      }
    });
    this.child.stderr!.on('data', (data: Buffer) => (this.stderr += String(data)));
    this.child.once('exit', () => this.replies.forEach((reply) => reply(JSON.stringify({ thrown: `${this.name} ended: ${this.stderr}` }))));
  }

  public async handle<T>(event: unknown): Promise<T> {
    const reply = new Promise<string>((resolve) => this.replies.push(resolve));
    this.child.stdin!.write(`${JSON.stringify(event)}\n`);
    const value = JSON.parse(await reply) as T & { thrown?: string };
    if (value?.thrown !== undefined) {
      throw new Error(`${this.name}: ${value.thrown}`);
    }
    return value;
  }

  public end(): void {
    this.child.kill();
  }
}

/** What the tables' keys are: whichever of these an item has. */
const KEYS = ['alias', 'item', 'inference', 'minute'];

function keyOf(item: Item): string {
  return KEYS.map((key) => item[key]?.S ?? item[key]?.N ?? '').join('|');
}

const TARGETS: { readonly [prefix: string]: string } = {
  DynamoDB_20120810: 'dynamodb', AWSStepFunctions: 'states', AWSEvents: 'events', SageMaker: 'sagemaker', AmazonSSM: 'ssm', AnyScaleFrontendService: 'application-autoscaling', GraniteServiceVersion20100801: 'cloudwatch',
};

function understand(by: string, request: IncomingMessage, body: Buffer): Call {
  const call = (action: string, resource: string, input: object = {}, context: Call['context'] = {}): Call =>
    ({ by, action, resource, context, input: input as Call['input'], body: body.toString('utf8') });
  const url = request.url ?? '';
  const invoked = /^\/2015-03-31\/functions\/([^/]+)\/invocations/.exec(url);
  if (invoked !== null) {
    return call('lambda:InvokeFunction', decodeURIComponent(invoked[1]));
  }
  const limits = /^\/[\d-]+\/functions\/([^/]+)\/(provisioned-)?concurrency/.exec(url);
  if (limits !== null) {
    const qualifier = new URL(url, 'http://aws').searchParams.get('Qualifier');
    return call(limits[2] === undefined ? 'lambda:GetFunctionConcurrency' : 'lambda:GetProvisionedConcurrencyConfig', `${decodeURIComponent(limits[1])}${qualifier === null ? '' : `:${qualifier}`}`);
  }
  if (/^\/[\d-]+\/account-settings/.test(url)) {
    return call('lambda:GetAccountSettings', '*');
  }
  const asked = /^\/endpoints\/([^/]+)\/invocations/.exec(url);
  if (asked !== null) {
    const component = request.headers['x-amzn-sagemaker-inference-component'];
    return call('sagemaker:InvokeEndpoint', arnOf('sagemaker', `endpoint/${asked[1].toLowerCase()}`), { component });
  }
  const target = request.headers['x-amz-target'] as string | undefined;
  if (target !== undefined) {
    const [prefix, operation] = target.split('.');
    const input = JSON.parse(body.toString('utf8')) as { [name: string]: string } & { Key?: Item; Item?: Item; ExpressionAttributeValues?: Item };
    const service = TARGETS[prefix] ?? prefix;
    switch (service) {
      case 'dynamodb': {
        const key = Object.values(input.Key ?? input.Item ?? input.ExpressionAttributeValues ?? {})[0];
        return call(`dynamodb:${operation}`, arnOf('dynamodb', `table/${input.TableName}`), input, { 'dynamodb:LeadingKeys': [input.Key?.alias?.S ?? input.Item?.alias?.S ?? key?.S ?? key?.N ?? ''] });
      }
      case 'states':
        return call(`states:${operation}`, input.stateMachineArn, input);
      case 'events':
        return call(`events:${operation}`, arnOf('events', 'event-bus/default'), input);
      case 'sagemaker':
        return call(`sagemaker:${operation}`, arnOf('sagemaker', operation === 'DescribeEndpointConfig' ? `endpoint-config/${input.EndpointConfigName.toLowerCase()}` : `endpoint/${input.EndpointName?.toLowerCase()}`), input);
      case 'ssm':
        return call(`ssm:${operation}`, (input.CalendarNames as unknown as string[])[0].replace(/^(?!arn:)/, arnOf('ssm', 'document/')), input);
      case 'application-autoscaling':
        return call(`application-autoscaling:${operation}`, operation.startsWith('Describe') ? '*' : arnOf('application-autoscaling', 'scalable-target/0000'), input, {
          'application-autoscaling:service-namespace': input.ServiceNamespace, 'application-autoscaling:scalable-dimension': input.ScalableDimension,
        });
      default:
        return call(`${service}:${operation}`, '*', input);
    }
  }
  const query = Object.fromEntries(new URLSearchParams(body.toString('utf8')));
  if (query.Action !== undefined) {
    return call(`${query.Action === 'Publish' ? 'sns' : 'cloudformation'}:${query.Action}`, query.TopicArn ?? query.StackName, query);
  }
  const [, bucket, key = ''] = /^\/([^/?]+)(?:\/([^?]*))?/.exec(url) ?? [];
  const action = request.method === 'PUT' ? 's3:PutObject' : request.method === 'DELETE' || url.includes('delete') ? 's3:DeleteObject' : url.includes('list-type') ? 's3:ListBucket' : 's3:GetObject';
  return call(action, `arn:aws:s3:::${bucket}${action === 's3:ListBucket' ? '' : `/${action === 's3:DeleteObject' && key === '' ? 'k' : key}`}`);
}

function arnOf(service: string, resource: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
}
