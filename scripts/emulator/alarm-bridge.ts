import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { ClientConfig } from './emulator';
import { Repeated } from './repeated';

/** Puts an event on the bus when an alarm changes its state, in CloudWatch's own shape: the emulator evaluates alarms but tells nobody. */
export class AlarmBridge extends Repeated {
  private readonly cloudWatch: CloudWatchClient;
  private readonly events: EventBridgeClient;
  private readonly states = new Map<string, string>();

  constructor(config: ClientConfig) {
    super(1_000);
    this.cloudWatch = new CloudWatchClient(config);
    this.events = new EventBridgeClient(config);
  }

  protected async round(): Promise<void> {
    const { MetricAlarms: alarms = [] } = await this.cloudWatch.send(new DescribeAlarmsCommand({}));
    for (const { AlarmName: name = '', AlarmArn: arn = '', StateValue: value = '', StateReason: reason } of alarms) {
      const before = this.states.get(name);
      if (before === value) {
        continue;
      }
      if (before !== undefined) {
        await this.events.send(
          new PutEventsCommand({
            Entries: [
              {
                Source: 'aws.cloudwatch',
                DetailType: 'CloudWatch Alarm State Change',
                Resources: [arn],
                Detail: JSON.stringify({
                  alarmName: name,
                  state: { value, reason, timestamp: new Date().toISOString() },
                  previousState: { value: before },
                }),
              },
            ],
          }),
        );
      }
      this.states.set(name, value);
    }
  }
}
