import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { clientConfig, type Emulator } from '../../scripts/emulator/emulator';

/** The sum of a metric of the digits endpoint's alias `live`, for a shadow or a variant, in the last hour. */
export async function digitsSum(emulator: Emulator, metric: string, dimension: 'Shadow' | 'Variant', value: string): Promise<number> {
  const { Datapoints: points = [] } = await new CloudWatchClient(clientConfig(emulator)).send(
    new GetMetricStatisticsCommand({
      Namespace: 'ModelRollout', MetricName: metric, Statistics: ['Sum'], Period: 3_600,
      StartTime: new Date(Date.now() - 3_600_000), EndTime: new Date(Date.now() + 3_600_000),
      Dimensions: [{ Name: 'Endpoint', Value: 'digits' }, { Name: 'Alias', Value: 'live' }, { Name: dimension, Value: value }],
    }),
  );
  return points.reduce((total, point) => total + (point.Sum ?? 0), 0);
}
