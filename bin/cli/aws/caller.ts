import { hostname, userInfo } from 'node:os';
import { AwsClient } from 'aws4fetch';
import type { Connection } from './connection';

const PATIENCE_MS = 3_000;

/**
 * Who gives an order, for the record: the ARN of the credentials, or, where STS does not tell in time, the user of this machine.
 * An order to stop must not fail for want of a name.
 */
export async function caller(connection: Connection): Promise<string> {
  try {
    const region = await connection.lambda.config.region();
    const { accessKeyId, secretAccessKey, sessionToken } = await connection.lambda.config.credentials();
    const url = process.env.AWS_ENDPOINT_URL_STS ?? process.env.AWS_ENDPOINT_URL ?? `https://sts.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}`;
    const sts = new AwsClient({ accessKeyId, secretAccessKey, sessionToken, region, service: 'sts', retries: 0 });
    const response = await sts.fetch(url, {
      method: 'POST',
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return /<Arn>\s*([^<\s]+)\s*<\/Arn>/.exec(await response.text())?.[1] ?? machineUser();
  } catch {
    return machineUser();
  }
}

function machineUser(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return `somebody@${hostname()}`;
  }
}
