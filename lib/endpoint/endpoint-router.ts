import type * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { type CustomResource, Duration, Lazy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { BundledFunction } from '../package/bundled-function';
import type { FunctionNetwork } from '../package/function-network';
import type { ControlPlane } from '../control-plane/control-plane';
import type { CorsPlan } from '../core/cors';
import { admitHandOver } from './hand-over';
import { Env } from '../core/names';
import { ROUTE_MAX_AGE_MS } from '../core/timing';
import { LAMBDA_TIMEOUT_SECONDS } from '../core/aws-limits';
import type { EndpointTimes } from './endpoint-times';

export interface EndpointRouterProps {
  readonly endpointName: string;
  readonly controlPlane: ControlPlane;
  /** The resources that keep the endpoint's routes. */
  readonly routes: () => readonly CustomResource[];
  readonly times: EndpointTimes;
  readonly memorySize: number;
  /** The models generate text. */
  readonly generative: boolean;
  /** Names of the aliases that are models of OpenAI's shape; undefined where the endpoint does not have it. */
  readonly openAiModels: (() => readonly string[]) | undefined;
  readonly cors: CorsPlan | undefined;
  /** The API's; undefined where they are all, or not known. */
  readonly binaryMediaTypes: readonly string[] | undefined;
  readonly tracing: boolean;
  readonly logRetention: logs.RetentionDays | undefined;
  readonly network: FunctionNetwork | undefined;
}

/** What the router keeps of the time-out for itself, so that its own answer arrives before API Gateway gives up. */
const RESERVE_MS = 500;

/** What the function has after a streamed answer, for hand-overs to mirrors: more than the longest of them, seconds. */
const AFTERWARDS_SECONDS = 6;

/** The function that sends each request to a variant. */
export class EndpointRouter extends Construct {
  public readonly function: lambda.IFunction;
  public readonly role: iam.IRole;
  public readonly log: logs.ILogGroup;
  private readonly bundled: BundledFunction;
  private readonly controlPlane: ControlPlane;
  private readonly endpointName: string;
  private readonly name: CustomResource;
  private counting?: iam.Policy;
  /** Within what time an answer is complete, for API Gateway and models. */
  public readonly timeout: Duration;
  /** Within what time the router has answered, models included; or begun to, where it streams. */
  public readonly timeoutMs: number;
  /** Within what time the router has answered to the end. */
  public readonly wholeMs: number;
  /** Answers are streamed. */
  public readonly streaming: boolean;
  /** What models say of tokens is counted. */
  public readonly generative: boolean;
  /** Where it runs, and whatever else asks models; absent: outside any network of the user's. */
  public readonly network: FunctionNetwork | undefined;
  /** After how long no request can be on its way to a version that has left the route. */
  public readonly drainSeconds: number;

  constructor(scope: Construct, id: string, props: EndpointRouterProps) {
    super(scope, id);
    const { whole, firstByte, idle } = props.times;
    const afterwards = 1 + (idle === undefined ? 0 : AFTERWARDS_SECONDS);
    this.streaming = idle !== undefined;
    this.generative = props.generative;
    this.timeout = whole;
    this.timeoutMs = firstByte.toMilliseconds() - RESERVE_MS;
    // What is left of the longest that a function may run is less than what API Gateway waits.
    this.wholeMs = Math.min(whole.toMilliseconds() - RESERVE_MS, (LAMBDA_TIMEOUT_SECONDS - afterwards) * 1_000);
    this.drainSeconds = Math.ceil((ROUTE_MAX_AGE_MS + whole.toMilliseconds()) / 1_000);
    const router = new BundledFunction(this, 'Function', {
      asset: 'router',
      handler: this.streaming ? 'index.streamingHandler' : undefined,
      // API Gateway calls the two in different ways, so the method moves from one function to another, and both are there while it does.
      functionId: this.streaming ? 'Streaming' : undefined,
      description: `Routes the requests of model endpoint ${props.endpointName}`,
      memorySize: props.memorySize,
      timeout: Duration.seconds(Math.min(LAMBDA_TIMEOUT_SECONDS, Math.ceil(whole.toMilliseconds() / 1_000) + afterwards)),
      environment: {
        [Env.TABLE]: props.controlPlane.table.tableName,
        [Env.ENDPOINT]: props.endpointName,
        [Env.TIMEOUT_MS]: String(this.timeoutMs),
        ...(idle === undefined
          ? {}
          : { [Env.STREAM_TIMEOUT_MS]: String(this.wholeMs), [Env.IDLE_TIMEOUT_MS]: String(idle.toMilliseconds()) }),
        ...(props.generative && { [Env.GENERATIVE]: 'true' }),
        ...(props.openAiModels && { [Env.OPEN_AI]: Lazy.string({ produce: () => JSON.stringify(props.openAiModels!()) }) }),
        ...(props.cors === undefined ? {} : { [Env.CORS]: JSON.stringify(props.cors) }),
        ...(props.binaryMediaTypes === undefined ? {} : { [Env.BINARY_MEDIA_TYPES]: JSON.stringify(props.binaryMediaTypes) }),
      },
      tracing: props.tracing ? lambda.Tracing.ACTIVE : undefined,
      logRetention: props.logRetention,
      network: props.network,
    });
    this.network = props.network;
    this.function = router.function;
    this.bundled = router;
    this.role = router.role;
    this.log = router.log;
    this.controlPlane = props.controlPlane;
    this.endpointName = props.endpointName;
    this.name = props.controlPlane.endpointName(this, props.endpointName, props.routes);
    this.admitReader(router);
    admitHandOver(this, router.function.functionArn);
    props.controlPlane.admitRouter(router.function);
  }

  /**
   * Let a function read the endpoint's routes. It learns of the endpoint's name once they are there, and the permission had time to be
   * known.
   */
  public admitReader(reader: BundledFunction): void {
    this.name.node.addDependency(this.controlPlane.admitReader(reader, this.endpointName));
    reader.function.node.addDependency(this.name);
  }

  /** From now on the router may count by key. Returns what lets it. */
  public admitCounting(): iam.Policy {
    return (this.counting ??= this.controlPlane.admitCounting(this.bundled, this.endpointName));
  }

  /** From now on the router has something to do after its answers. One that streams runs on after them as it is. */
  public expectAfterwards(): void {
    if (!this.streaming) {
      this.bundled.function.addEnvironment(Env.AFTERWARDS, 'true');
    }
  }

  /** From now on the router starts with what it needs to store bodies. */
  public expectLargeBodies(): void {
    this.bundled.function.addEnvironment(Env.LARGE_BODIES, 'true');
  }
}
