import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { optional } from '../../../lib/core/optional';
import { type Action, explain } from './errors';

export interface ConnectionOptions {
  readonly region?: string;
  readonly profile?: string;
}

/** How long the command waits: a wrong region or a dead network is told of within seconds, not after the system's minutes. */
export const CALLING = {
  requestHandler: { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
};

/** The services that the command calls, with the ordinary credentials and region of the AWS SDK. */
export class Connection {
  readonly cloudFormation: CloudFormationClient;
  readonly cloudWatch: CloudWatchClient;
  readonly dynamoDb: DynamoDBClient;
  readonly lambda: LambdaClient;
  readonly logs: CloudWatchLogsClient;

  /** By options of the command; what is not given is the SDK's to find. */
  static of({ region, profile }: ConnectionOptions): Connection {
    return new Connection({ ...optional('region', region), ...optional('profile', profile) });
  }

  constructor(readonly options: ConnectionOptions) {
    const config = { ...options, ...CALLING };
    this.cloudFormation = new CloudFormationClient(config);
    this.cloudWatch = new CloudWatchClient(config);
    this.dynamoDb = new DynamoDBClient(config);
    this.lambda = new LambdaClient(config);
    this.logs = new CloudWatchLogsClient(config);
  }

  /** Call AWS; a failure becomes a sentence that names the action and the policy that allows it. */
  async call<T>(action: Action, policy: string, send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      throw explain(error, {
        action,
        policy,
        region: await this.cloudFormation.config.region().catch(() => undefined),
        profile: this.options.profile,
      });
    }
  }

  async region(): Promise<string> {
    return this.call('cloudformation:ListStackResources', '', () => this.cloudFormation.config.region());
  }
}
