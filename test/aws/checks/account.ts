import { CancelUpdateStackCommand, CloudFormationClient, DeleteStackCommand, DescribeStackResourcesCommand, DescribeStacksCommand, type StackResource } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, GetMetricDataCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { InvokeEndpointWithResponseStreamCommand, type ResponseStream, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { AwsClient } from 'aws4fetch';
import { setTimeout as sleep } from 'node:timers/promises';
import { bootstrap, CdkError, deploy } from '../../../scripts/emulator/cdk';
import { AlarmBridge } from '../../../scripts/emulator/alarm-bridge';
import { EmfBridge } from '../../../scripts/emulator/emf-bridge';
import { askAgainIfLost } from '../../../scripts/emulator/client';
import { callUntil } from '../../../scripts/emulator/call-until';
import { clientConfig, type Emulator } from '../../../scripts/emulator/emulator';
import type { Repeated } from '../../../scripts/emulator/repeated';

/** What a stack's model is. */
export interface ModelUnderCheck {
  readonly version: string;
  /** It raises on everything. */
  readonly fails?: boolean;
  /** The endpoint stands under another construct. */
  readonly moved?: boolean;
  /** The rollout has another setting. */
  readonly otherwise?: boolean;
  /** The app's context. */
  readonly pins?: Pins;
  /** A bucket of the check's own. */
  readonly bucket?: string;
}

/** What the app's context has of registries. */
export type Pins = { readonly [key: string]: unknown };

/** What is registered by checks: group of packages, model of MLflow. */
export const REGISTERED = 'model-rollout-check';

/** SageMaker's own scikit-learn image, which serves a model that needs no training. */
export const CHECK_IMAGE = process.env.CHECK_IMAGE ?? '683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3';

/** One request's response. */
export interface Response {
  readonly status: number;
  readonly variant: string | null;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly sentAt: number;
  /** Milliseconds to the first byte of the body. */
  readonly firstByteMs: number;
  /** Milliseconds to the last one. */
  readonly tookMs: number;
}

/** A real account, or the emulator in its place. */
export class Account {
  readonly cloudFormation: CloudFormationClient;
  readonly cloudWatch: CloudWatchClient;
  readonly lambda: LambdaClient;
  private readonly outputs = new Map<StackName, { readonly [output: string]: string }>();
  private readonly deployed = new Set<StackName>();
  private readonly closing = new AbortController();
  /** What AWS does by itself. */
  private readonly bridges: readonly Repeated[];

  /**
   * @param place where deployments go: the emulator, or the surrounding environment's account
   * @param isEmulated it is the emulator
   */
  constructor(
    readonly place: Emulator,
    readonly isEmulated: boolean,
  ) {
    const options = { region: this.region, ...(isEmulated ? clientConfig(place) : {}) };
    this.cloudFormation = new CloudFormationClient(options);
    this.cloudWatch = new CloudWatchClient(options);
    this.lambda = new LambdaClient(options);
    this.bridges = isEmulated ? [new EmfBridge(clientConfig(place)), new AlarmBridge(clientConfig(place))] : [];
  }

  get region(): string {
    return this.place.env.AWS_REGION ?? this.place.env.AWS_DEFAULT_REGION ?? 'us-east-1';
  }

  /** `cdk deploy` of a stack with a model; rejects with what cdk printed when it fails. */
  async deploy(stack: StackName, model: ModelUnderCheck): Promise<void> {
    this.deployed.add(stack);
    const env = {
      CHECK_STACK: stack,
      CHECK_MODEL: JSON.stringify(model),
      CDK_DEFAULT_REGION: this.region,
      CHECK_EMULATED: this.isEmulated ? 'yes' : 'no',
    };
    const { [stack]: outputs } = await deploy(this.place, 'test/aws/app.ts', env, { signal: this.closing.signal });
    this.outputs.set(stack, outputs);
  }

  /** The same, where the deployment must fail; what it said. */
  async deployInVain(stack: StackName, model: ModelUnderCheck): Promise<string> {
    try {
      await this.deploy(stack, model);
    } catch (error) {
      if (error instanceof CdkError) {
        return error.message;
      }
      throw error;
    }
    return 'the deployment SUCCEEDED';
  }

  /** One signed request to the alias `live`; unsigned where that is asked for. */
  async invoke(
    stack: StackName,
    body: string | Uint8Array<ArrayBuffer>,
    headers: { [name: string]: string } = {},
    signed = true,
  ): Promise<Response> {
    const url = `${this.stage(stack)}/live/invocations`;
    const init = { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } };
    const sentAt = Date.now();
    const signer = await this.signer();
    const response = await askAgainIfLost(() => (signed ? signer.fetch(url, init) : fetch(url, init)));
    const parts: Uint8Array[] = [];
    let firstByteMs = Date.now() - sentAt;
    for await (const part of response.body ?? []) {
      firstByteMs = parts.length === 0 ? Date.now() - sentAt : firstByteMs;
      parts.push(part as Uint8Array);
    }
    return {
      status: response.status,
      variant: response.headers.get('x-amzn-invoked-production-variant'),
      headers: response.headers,
      body: Buffer.concat(parts),
      sentAt,
      firstByteMs,
      tookMs: Date.now() - sentAt,
    };
  }

  /** The events that a client of SageMaker's runtime has of the alias `live`, as one text, and the exception that ends them. */
  async invokeAsSageMaker(stack: StackName, body: string): Promise<{ readonly parts: string; readonly error?: string }> {
    const { credentials } = this.cloudFormation.config;
    const client = new SageMakerRuntimeClient(Object.assign({ endpoint: this.stage(stack), region: this.region, credentials }, { signingName: 'execute-api' }));
    // The stack's aliases are at the root of its API.
    client.middlewareStack.add((next) => (args) => {
      const request = args.request as { path: string };
      request.path = request.path.replace('/endpoints/', '/');
      return next(args);
    }, { step: 'build' });
    let parts = '';
    try {
      const { Body: events = [] } = await client.send(new InvokeEndpointWithResponseStreamCommand({ EndpointName: 'live', ContentType: 'application/json', Body: body }));
      for await (const { PayloadPart: part } of events as AsyncIterable<ResponseStream>) {
        parts += Buffer.from(part?.Bytes ?? []).toString();
      }
      return { parts };
    } catch (error) {
      return { parts, error: (error as Error).name };
    }
  }

  /** Invoke the alias `live` of a stack's function: whether it answered, and by which version. */
  async invokeAlias(stack: StackName): Promise<{ readonly ok: boolean; readonly executed: string }> {
    const { FunctionError: failed, ExecutedVersion: executed = '' } = await this.lambda.send(
      new InvokeCommand({ FunctionName: this.output(stack, 'FunctionName'), Qualifier: 'live' }),
    );
    return { ok: failed === undefined, executed };
  }

  /** Two callers at a time, each asking some ten times a second, until something has come to its end. */
  load<T>(stack: StackName, until: Promise<T>): Promise<{ replies: Response[]; result: PromiseSettledResult<T> }> {
    return callUntil(until, { callers: 2, pauseMs: 80 }, (index) => this.invoke(stack, '{"x":1}', { 'x-caller-id': `caller-${index}` }));
  }

  output(stack: StackName, name: string): string {
    return this.outputs.get(stack)?.[name] ?? '';
  }

  async setAlarm(stack: StackName, state: 'ALARM' | 'OK'): Promise<void> {
    await this.cloudWatch.send(
      new SetAlarmStateCommand({ AlarmName: this.output(stack, 'AlarmName'), StateValue: state, StateReason: 'set by test:aws' }),
    );
  }

  /** The sum of a metric over the last hour; 0 where it has none in time. */
  async sumWithin(
    namespace: string, metricName: string, dimensions: { readonly [name: string]: string }, minutes: number,
  ): Promise<number> {
    const named = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
    const metric = { Namespace: namespace, MetricName: metricName, Dimensions: named };
    let sum = 0;
    // It is there once it has stayed what it is for two minutes.
    for (let last = -1, end = Date.now() + minutes * 60_000; Date.now() < end && (sum === 0 || sum !== last); await sleep(120_000)) {
      last = sum;
      const { MetricDataResults: [found] = [] } = await this.cloudWatch.send(new GetMetricDataCommand({
        StartTime: new Date(Date.now() - 3_600_000), EndTime: new Date(),
        MetricDataQueries: [{ Id: 'a', MetricStat: { Metric: metric, Period: 60, Stat: 'Sum' } }],
      }));
      sum = (found?.Values ?? []).reduce((total, value) => total + value, 0);
    }
    return sum;
  }

  async status(stack: StackName): Promise<string> {
    const { Stacks: [found] = [] } = await this.cloudFormation.send(new DescribeStacksCommand({ StackName: stack }));
    return found.StackStatus!;
  }

  async resources(stack: StackName): Promise<StackResource[]> {
    const { StackResources: found = [] } = await this.cloudFormation.send(new DescribeStackResourcesCommand({ StackName: stack }));
    return found;
  }

  async cancelUpdate(stack: StackName): Promise<void> {
    await this.cloudFormation.send(new CancelUpdateStackCommand({ StackName: stack }));
  }

  /** Wait until the stack has this status. */
  async reaches(stack: StackName, status: string, seconds = 1_800): Promise<string> {
    let last = '';
    for (const end = Date.now() + 1_000 * seconds; Date.now() < end; await sleep(this.isEmulated ? 500 : 5_000)) {
      last = await this.status(stack);
      if (last === status || last.endsWith('_FAILED')) {
        break;
      }
    }
    return last;
  }

  /** Delete the stacks that were deployed; what became of each. */
  async destroy(): Promise<{ readonly [stack: string]: string }> {
    const ends: { [stack: string]: string } = {};
    for (const stack of this.deployed) {
      ends[stack] = await this.remove(stack);
      this.deployed.delete(stack);
    }
    return ends;
  }

  async remove(stack: StackName): Promise<string> {
    try {
      const { Stacks: [found] = [] } = await this.cloudFormation.send(new DescribeStacksCommand({ StackName: stack }));
      await this.cloudFormation.send(new DeleteStackCommand({ StackName: stack }));
      for (;;) {
        // By its id, by which a stack is still known when it is gone.
        const { Stacks: [now] = [] } = await this.cloudFormation.send(new DescribeStacksCommand({ StackName: found.StackId }));
        if (now.StackStatus === 'DELETE_COMPLETE' || now.StackStatus === 'DELETE_FAILED') {
          return now.StackStatus;
        }
        await sleep(this.isEmulated ? 500 : 5_000);
      }
    } catch (error) {
      return /does not exist/.test(String(error)) ? 'DELETE_COMPLETE' : String(error);
    }
  }

  /** Deployments under way end here; what they have made is removed by {@link destroy}. */
  interrupt(): void {
    this.closing.abort();
  }

  /** What a real account has already: the CDK's own resources, and metrics and events that flow. */
  async open(): Promise<void> {
    if (this.isEmulated) {
      await bootstrap(this.place);
      this.bridges.forEach((bridge) => bridge.start());
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.bridges.map((bridge) => bridge.stop()));
    await this.place.stop();
  }

  private stage(stack: StackName): string {
    const api = this.output(stack, 'ApiId');
    return this.isEmulated
      ? `${this.place.url}/restapis/${api}/prod/_user_request_`
      : `https://${api}.execute-api.${this.region}.amazonaws.com/prod`;
  }

  private async signer(): Promise<AwsClient> {
    return new AwsClient({ ...(await this.cloudFormation.config.credentials()), service: 'execute-api', region: this.region, retries: 0 });
  }
}

/** The stacks of `app.ts`. */
export type StackName = 'ServingCheck' | 'StreamingCheck' | 'CanaryCheck' | 'AliasCheck' | 'ApprovalCheck' | 'ServerlessCheck' | 'InstancesCheck'
  | 'PackageCheck' | 'MlflowCheck' | 'MirrorCheck' | 'ComponentsCheck';
