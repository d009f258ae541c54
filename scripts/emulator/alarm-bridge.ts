import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientConfig } from './emulator';

/** Puts an event on the bus when an alarm changes its state, in CloudWatch's own shape: the emulator evaluates alarms but tells nobody. */
export class AlarmBridge {
  private readonly cloudWatch: CloudWatchClient;
  private readonly events: EventBridgeClient;
  private readonly states = new Map<string, string>();
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(config: ClientConfig) {
    this.cloudWatch = new CloudWatchClient(config);
    this.events = new EventBridgeClient(config);
  }

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.carry();
      } catch {
        // The next round sees the same state.
      }
      await sleep(250);
    }
  }

  private async carry(): Promise<void> {
    const { MetricAlarms: alarms = [] } = await this.cloudWatch.send(new DescribeAlarmsCommand({}));
    for (const { AlarmName: name = '', AlarmArn: arn = '', StateValue: value = '', StateReason: reason } of alarms) {
      const before = this.states.get(name);
      if (before === value) {
        continue;
      }
      if (before !== undefined) {
        await this.events.send(new PutEventsCommand({
          Entries: [{
            Source: 'aws.cloudwatch', DetailType: 'CloudWatch Alarm State Change', Resources: [arn],
            Detail: JSON.stringify({ alarmName: name, state: { value, reason, timestamp: new Date().toISOString() }, previousState: { value: before } }),
          }],
        }));
      }
      this.states.set(name, value);
    }
  }
}
