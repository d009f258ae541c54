import type { CloudWatchClient} from '@aws-sdk/client-cloudwatch';
import { GetMetricDataCommand, ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from './account';
import { type Check, seen } from './check';

const V1 = { version: 'v1' };
const BYTES = Buffer.from(Array.from({ length: 256 }, (_, index) => index));

/** The model of a response. */
const versionIn = (body: Buffer): string => (JSON.parse(body.toString()) as { version: string }).version;

export const serving: Check[] = [
  {
    id: 'iam', stack: 'ServingCheck', minutes: 3, dollars: 0.01,
    claim: 'A deployed endpoint works with the permissions that it has, and refuses a request that is not signed',
    how: 'deploys an endpoint, sends 20 signed requests and one without a signature',
    async run(account) {
      await account.deploy('ServingCheck', V1);
      const replies = await Promise.all(Array.from({ length: 20 }, () => account.invoke('ServingCheck', '{"x":1}')));
      const unsigned = await account.invoke('ServingCheck', '{"x":1}', {}, false);
      return seen(replies.every(({ status }) => status === 200) && unsigned.status === 403,
        `signed ${[...new Set(replies.map(({ status }) => status))].join(', ')}; unsigned ${unsigned.status}`);
    },
  },
  {
    id: 'binary', stack: 'ServingCheck', minutes: 0.2, dollars: 0,
    claim: 'A binary response arrives as bytes, whatever the caller accepts; without an Accept it is refused with a sentence',
    how: 'asks for 256 different bytes as image/png with no Accept, */*, and two lists as browsers and axios send them',
    async run(account) {
      const accepts = [undefined, '*/*', 'application/json, text/plain, */*', 'text/html,application/xhtml+xml,*/*;q=0.8'];
      const intact: string[] = [];
      for (const accept of accepts) {
        const { status, body } = await account.invoke('ServingCheck', '{"bytes":true}', accept === undefined ? {} : { accept });
        const otherwise = accept === undefined && status === 406 ? 'refused' : 'DESTROYED';
        intact.push(`${accept ?? 'none'}: ${body.equals(BYTES) ? 'bytes' : otherwise}`);
      }
      return seen(!intact.some((line) => line.endsWith('DESTROYED')), intact.join('; '));
    },
  },
  {
    id: 'stale-connections', stack: 'ServingCheck', minutes: 8, dollars: 0,
    claim: 'After a pause in which idle connections are closed, no request fails',
    how: 'waits seven minutes, more than a NAT gateway keeps an idle connection, then sends 20 requests at once',
    async run(account) {
      await sleep(account.isEmulated ? 5_000 : 7 * 60_000);
      const replies = await Promise.all(Array.from({ length: 20 }, () => account.invoke('ServingCheck', '{"x":1}')));
      return seen(replies.every(({ status }) => status === 200), `statuses ${[...new Set(replies.map(({ status }) => status))].join(', ')}`);
    },
  },
  {
    id: 'large-bodies', stack: 'ServingCheck', minutes: 0.5, dollars: 0,
    onlyOnAws: 'the emulator has no limit of API Gateway\'s own',
    claim: 'Bodies of 6 to 10 MB, and above, are refused with 413 and a sentence',
    how: 'sends JSON of 6.5, 9.5 and 10.5 MB',
    async run(account) {
      const statuses: string[] = [];
      for (const megabytes of [6.5, 9.5, 10.5]) {
        statuses.push(`${megabytes} MB: ${(await account.invoke('ServingCheck', JSON.stringify({ pad: 'x'.repeat(megabytes * 1e6) }))).status}`);
      }
      return seen(statuses.every((line) => line.endsWith('413')), statuses.join('; '));
    },
  },
  {
    id: 'metrics', stack: 'ServingCheck', minutes: 4, dollars: 0,
    onlyOnAws: 'the emulator makes no metrics of logs; here the harness carries them',
    claim: 'The router\'s counts are in CloudWatch, under the dimensions that the constructs name, within three minutes',
    how: 'sends 30 requests and reads Invocations of the version until it says 30',
    async run(account) {
      await Promise.all(Array.from({ length: 30 }, () => account.invoke('ServingCheck', '{"x":1}')));
      const started = Date.now();
      const counted = await countOf(account.cloudWatch, started);
      return seen(counted >= 30, `${counted} invocations after ${Math.round((Date.now() - started) / 1_000)} s`);
    },
  },
  {
    id: 'move', stack: 'ServingCheck', minutes: 3, dollars: 0.01,
    claim: 'An endpoint that moves to another construct keeps its route',
    how: 'deploys the endpoint under another construct, then sends ten requests',
    async run(account) {
      await account.deploy('ServingCheck', { ...V1, moved: true });
      const replies = await Promise.all(Array.from({ length: 10 }, () => account.invoke('ServingCheck', '{"x":1}')));
      return seen(replies.every(({ status, body }) => status === 200 && versionIn(body) === 'v1'), `statuses ${[...new Set(replies.map(({ status }) => status))].join(', ')}`);
    },
  },
  {
    id: 'streaming', stack: 'StreamingCheck', minutes: 3, dollars: 0.01,
    onlyOnAws: 'the emulator does not know the mode',
    claim: 'With responseStreaming the parts of an answer arrive as the model sends them, one that breaks ends with an error event, and bytes are bytes',
    how: 'deploys a streaming endpoint with a function that streams, asks for events a second apart, for a break after the first, and for bytes',
    async run(account) {
      await account.deploy('StreamingCheck', V1);
      const events = await account.invoke('StreamingCheck', '{"x":1}');
      const [broken, bytes] = [await account.invoke('StreamingCheck', '{"breaks":true}'), await account.invoke('StreamingCheck', '{"bytes":true}')];
      const [whole, ended] = [events.body.toString() === 'data: 0\n\ndata: 1\n\ndata: 2\n\n', broken.body.toString().startsWith('data: 0\n\nevent: error\n')];
      return seen(
        events.status === 200 && whole && events.tookMs - events.firstByteMs > 1_500 && ended && bytes.body.equals(BYTES),
        `events ${events.status}, ${whole ? 'all' : 'NOT ALL'}, the first after ${events.firstByteMs} ms and the last after ${events.tookMs} ms; ${ended ? 'an error event' : 'NO ERROR EVENT'} where it breaks; `
          + `bytes ${bytes.body.equals(BYTES) ? 'intact' : 'DESTROYED'}`,
      );
    },
  },
  {
    id: 'event-stream', stack: 'StreamingCheck', minutes: 0.2, dollars: 0.01,
    onlyOnAws: 'the emulator does not know the mode',
    claim: 'The SDK\'s InvokeEndpointWithResponseStream reads the parts of an answer through the endpoint, and raises ModelStreamError for one that breaks',
    how: 'asks the streaming endpoint by the SDK for JavaScript for three events, and for a break after the first',
    async run(account) {
      await account.deploy('StreamingCheck', V1);
      const [events, broken] = [await account.invokeAsSageMaker('StreamingCheck', '{"x":1}'), await account.invokeAsSageMaker('StreamingCheck', '{"breaks":true}')];
      return seen(
        events.parts === 'data: 0\n\ndata: 1\n\ndata: 2\n\n' && events.error === undefined && broken.parts === 'data: 0\n\n' && broken.error === 'ModelStreamError',
        `events ${JSON.stringify(events)}; where it breaks ${JSON.stringify(broken)}`,
      );
    },
  },
];

/** Invocations of all versions of the endpoint since then, once there are any. */
async function countOf(cloudWatch: CloudWatchClient, since: number): Promise<number> {
  for (let attempt = 0; attempt < 36; attempt++) {
    const { Metrics: metrics = [] } = await cloudWatch.send(new ListMetricsCommand({ Namespace: 'ModelRollout', MetricName: 'Invocations', Dimensions: [{ Name: 'Endpoint', Value: 'servingcheck' }] }));
    const [metric] = metrics.filter(({ Dimensions: dimensions = [] }) => dimensions.some(({ Name: name }) => name === 'Version'));
    if (metric !== undefined) {
      const { MetricDataResults: [found] = [] } = await cloudWatch.send(new GetMetricDataCommand({
        StartTime: new Date(since - 120_000), EndTime: new Date(),
        MetricDataQueries: [{ Id: 'a', MetricStat: { Metric: metric, Period: 3_600, Stat: 'Sum' } }],
      }));
      const sum = (found?.Values ?? []).reduce((total, value) => total + value, 0);
      if (sum >= 30) {
        return sum;
      }
    }
    await sleep(5_000);
  }
  return 0;
}

/** The bodies of replies that failed. */
export function failures(replies: readonly { status: number; body: Buffer }[]): string[] {
  return replies.filter(({ status }) => status !== 200).map(({ status, body }) => `${status} ${body.toString().slice(0, 80)}`);
}

/** Deploys once, however many checks of a stack want it deployed. */
export async function deployed(account: Account, stack: Check['stack']): Promise<void> {
  if (account.output(stack, 'ApiId') === '') {
    await account.deploy(stack, V1);
  }
}
