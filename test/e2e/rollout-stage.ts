import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { rows } from '../../examples/digits/data';
import type { FoundRollout } from '../../rehearsal/assembly/found-rollout';
import { findRollouts } from '../../rehearsal/assembly/find-rollouts';
import { AlarmBridge } from '../../scripts/emulator/alarm-bridge';
import { callUntil } from '../../scripts/emulator/call-until';
import { bootstrap, deploy } from '../../scripts/emulator/cdk';
import { EndpointClient, type Reply } from '../../scripts/emulator/client';
import { EmfBridge } from '../../scripts/emulator/emf-bridge';
import { clientConfig, type ClientConfig, type Emulator, startEmulator } from '../../scripts/emulator/emulator';
import type { RolloutState, StoredDecision } from '../../lib/core/rollout/state';
import { movesOf } from './rehearsed';

/** The model of a deployment. */
export interface ModelSpec {
  readonly artifact: 'v1' | 'v2';
  readonly defect?: 'wrong-preprocessing' | 'slow' | 'failing' | 'failing-rarely';
  /** Makes it another version. */
  readonly tag?: string;
  /** Something else in the stack fails once the rollout is over. */
  readonly failsElsewhere?: boolean;
  /** Bake time of every step; 15 unless given. */
  readonly bakeSeconds?: number;
  /** Longest time to the promotion; ten minutes unless given. */
  readonly deadlineSeconds?: number;
  /** How long a share lasts without a controller; 90 unless given. */
  readonly leaseSeconds?: number;
  /** Switched at once after an approval, instead of step by step. */
  readonly blueGreen?: boolean;
}

/** A request of the load, with when it was sent and answered: between the two a route may change. */
export interface Sent extends Reply {
  readonly sentAt: number;
  readonly answeredAt: number;
}

/** Whom callers met: answers by their model, and statuses of those that were none. */
export function models(sent: readonly Sent[]): { [model: string]: number } {
  const counts: { [model: string]: number } = {};
  for (const { status, text } of sent) {
    const model = status === 200 ? (JSON.parse(text) as { model: string }).model : `status ${status}`;
    counts[model] = (counts[model] ?? 0) + 1;
  }
  return counts;
}

/** What one may say of every rollout: nobody saw a failure. */
export function noneFailed(sent: readonly Sent[]): void {
  expect(sent.filter(({ status }) => status !== 200).map(({ text }) => text)).toEqual([]);
}

const COMMAND = join(__dirname, '../../assets/cli/index.mjs');

/** An emulator with the digits behind a rollout, and steady load on it. */
export class RolloutStage {
  /** @param app the file that is the CDK app */
  static async open(app = 'test/e2e/rollout-app.ts'): Promise<RolloutStage> {
    const emulator = await startEmulator();
    await bootstrap(emulator);
    const stage = new RolloutStage(emulator, app);
    stage.metrics.start();
    stage.alarms.start();
    return stage;
  }

  private readonly metrics: EmfBridge;
  private readonly alarms: AlarmBridge;
  /** Deployments do not outlive the stage. */
  private readonly closing = new AbortController();
  private apiId = '';
  /** The rollout of the last deployment, as its template has it. */
  rollout!: FoundRollout;

  private constructor(
    readonly emulator: Emulator,
    private readonly app: string,
  ) {
    this.metrics = new EmfBridge(this.config);
    this.alarms = new AlarmBridge(this.config);
  }

  get config(): ClientConfig {
    return clientConfig(this.emulator);
  }

  /** `cdk deploy` of a model; rejects with what cdk printed when it fails. */
  async deploy(model: ModelSpec, signal?: AbortSignal): Promise<void> {
    const { Digits: outputs } = await deploy(
      this.emulator,
      this.app,
      { E2E_MODEL: JSON.stringify(model) },
      {
        signal: AbortSignal.any([this.closing.signal, ...(signal === undefined ? [] : [signal])]),
        synthesized: (assembly) => {
          [this.rollout] = findRollouts(assembly);
        },
      },
    );
    this.apiId = outputs.ApiId;
  }

  /** One request to an alias. */
  ask(alias: string): Promise<Reply> {
    return this.client.invoke(JSON.stringify({ pixels: rows[0].pixels }), {}, alias);
  }

  /** Steady load until `until` settles; `seen` is told of every reply and of the row that was asked for. */
  async load<T>(
    until: Promise<T>,
    lanes = 2,
    seen: (reply: Reply, row: number) => void = () => {},
  ): Promise<{ sent: Sent[]; result: PromiseSettledResult<T> }> {
    const { client } = this;
    const { replies: sent, result } = await callUntil(until, { callers: lanes, pauseMs: 60 }, async (index) => {
      const sentAt = Date.now();
      const row = index % rows.length;
      const reply = await client.invoke(JSON.stringify({ pixels: rows[row].pixels }), { 'x-caller-id': `caller-${index}` });
      seen(reply, row);
      return { ...reply, sentAt, answeredAt: Date.now() };
    });
    return { sent, result };
  }

  get client(): EndpointClient {
    return new EndpointClient(this.emulator, this.apiId);
  }

  /** `model-rollout` as a person or a script calls it. */
  commandLine(...args: string[]): { code: number | null; json: { [member: string]: never } } {
    const { status, stdout } = spawnSync(process.execPath, [COMMAND, ...args, '--stack', 'Digits', '--json'], {
      env: this.emulator.env,
      encoding: 'utf8',
    });
    return { code: status, json: JSON.parse(stdout) as { [member: string]: never } };
  }

  /** What CloudFormation says of the stack. */
  async status(): Promise<string> {
    const { Stacks: [stack] = [] } = await new CloudFormationClient(this.config).send(new DescribeStacksCommand({ StackName: 'Digits' }));
    return stack.StackStatus!;
  }

  /** The rollout's state. */
  async state(): Promise<RolloutState | undefined> {
    return (await this.items<RolloutState>('state'))[0];
  }

  /** Every decision that was kept, in the order of time. */
  async decisions(): Promise<StoredDecision[]> {
    return this.items<StoredDecision>('decision#');
  }

  /** The moves of the last rollout: its decisions but the holds. */
  async moves(): Promise<string[]> {
    const decisions = await this.decisions();
    return movesOf(decisions.filter(({ rolloutId }) => rolloutId === decisions.at(-1)!.rolloutId).map(({ decision }) => decision));
  }

  /** Wait until the rollout is in a stage; -1 is ready for traffic, but without any. */
  async reach(stage: number): Promise<void> {
    for (let attempt = 0; attempt < 600; attempt++) {
      const state = await this.state();
      if (state !== undefined && state.outcome === undefined && state.prepared && state.stage >= stage) {
        return;
      }
      await sleep(250);
    }
    throw new Error(`the rollout did not reach stage ${stage}`);
  }

  /** Versions of the model that are deployed. */
  async versions(): Promise<number> {
    const { Functions: list = [] } = await new LambdaClient(this.config).send(new ListFunctionsCommand({}));
    return list.filter((fn) => /-versions-.*-[0-9a-f]{12}$/.test(fn.FunctionName ?? '')).length;
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.metrics.stop();
    await this.alarms.stop();
    await this.emulator.stop();
  }

  private async items<T>(prefix: string): Promise<T[]> {
    const { Items: items = [] } = await new DynamoDBClient(this.config).send(new ScanCommand({ TableName: await this.table() }));
    return items
      .filter((item) => item.item?.S?.startsWith(prefix))
      .sort((a, b) => (a.item.S! < b.item.S! ? -1 : 1))
      .map((item) => JSON.parse(item.content.S!) as T);
  }

  private async table(): Promise<string> {
    const { TableNames: names = [] } = await new DynamoDBClient(this.config).send(new ListTablesCommand({}));
    return names.find((name) => name.includes('Rollouts'))!;
  }
}
