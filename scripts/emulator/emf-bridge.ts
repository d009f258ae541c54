import { CloudWatchClient, type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, DescribeLogGroupsCommand, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { ClientConfig } from './emulator';
import { Repeated } from './repeated';

/** The part of the embedded metric format that the router writes. */
interface EmfRecord {
  readonly _aws?: {
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit?: string; readonly StorageResolution?: number }[];
    }[];
  };
  readonly [name: string]: unknown;
}

/** What PutMetricData takes at once. */
const DATA_PER_CALL = 500;
/** Groups come with deployments, and to list them the emulator counts every byte of every log. */
const ROUNDS_PER_LIST = 5;
const LATE_MS = 5_000;

/**
 * Does what CloudWatch does with a function's log and the emulator does not: turns lines in the embedded metric format into metrics.
 * What reads them afterwards reads the router's own numbers.
 */
export class EmfBridge extends Repeated {
  private readonly logs: CloudWatchLogsClient;
  private readonly cloudWatch: CloudWatchClient;
  /** How often each line was carried; the emulator gives events no ids, and two requests may write the same line. */
  private readonly carried = new Map<string, number>();
  private readonly began = Date.now();
  /** Until when each group was read. */
  private readonly read = new Map<string, number>();
  /** What CloudWatch has not taken yet: a line is read once. */
  private readonly unsent = new Map<string, MetricDatum[]>();
  private groups: string[] = [];
  private rounds = 0;

  constructor(config: ClientConfig) {
    super(1_000);
    this.logs = new CloudWatchLogsClient(config);
    this.cloudWatch = new CloudWatchClient(config);
  }

  protected async round(): Promise<void> {
    const started = Date.now();
    for (const logGroupName of await this.listed()) {
      const found = new Map<string, number>();
      let nextToken: string | undefined;
      do {
        // The emulator dates lines when it takes them in: a little later they are all there.
        const startTime = (this.read.get(logGroupName) ?? this.began) - LATE_MS;
        const page = await this.logs.send(new FilterLogEventsCommand({ logGroupName, startTime, nextToken }));
        for (const { logStreamName, timestamp, message = '' } of page.events ?? []) {
          const line = `${logGroupName} ${logStreamName} ${timestamp} ${message}`;
          found.set(line, (found.get(line) ?? 0) + 1);
          if (found.get(line)! > (this.carried.get(line) ?? 0)) {
            this.carried.set(line, found.get(line)!);
            collect(message, this.unsent);
          }
        }
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      this.read.set(logGroupName, started);
    }
    for (const [namespace, metrics] of this.unsent) {
      while (metrics.length > 0) {
        await this.cloudWatch.send(new PutMetricDataCommand({ Namespace: namespace, MetricData: metrics.slice(0, DATA_PER_CALL) }));
        metrics.splice(0, DATA_PER_CALL);
      }
    }
  }

  private async listed(): Promise<readonly string[]> {
    if (this.rounds++ % ROUNDS_PER_LIST === 0) {
      const { logGroups: groups = [] } = await this.logs.send(new DescribeLogGroupsCommand({}));
      this.groups = groups.flatMap(({ logGroupName: name = '' }) => (/Router|Controller|Shadow|Feedback/.test(name) ? [name] : []));
    }
    return this.groups;
  }
}

function collect(message: string, data: Map<string, MetricDatum[]>): void {
  const at = message.indexOf('{"_aws"') >= 0 ? message.indexOf('{"_aws"') : message.indexOf('{');
  if (at < 0 || !message.includes('"_aws"')) {
    return;
  }
  let record: EmfRecord;
  try {
    record = JSON.parse(message.slice(at)) as EmfRecord;
  } catch {
    return;
  }
  for (const { Namespace: namespace, Dimensions: sets, Metrics: metrics } of record._aws?.CloudWatchMetrics ?? []) {
    const list = data.get(namespace) ?? [];
    data.set(namespace, list);
    for (const names of sets) {
      for (const { Name: name, Unit: unit, StorageResolution: resolution } of metrics) {
        list.push({
          MetricName: name,
          Unit: unit as MetricDatum['Unit'],
          StorageResolution: resolution,
          Timestamp: new Date(record._aws!.Timestamp),
          Dimensions: names.map((dimension) => ({ Name: dimension, Value: String(record[dimension]) })),
          ...([] as unknown[]).concat(record[name]).length > 1
            ? { Values: record[name] as number[] }
            : { Value: Number(([] as unknown[]).concat(record[name])[0]) },
        });
      }
    }
  }
}
