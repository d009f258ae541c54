import type { CloudWatchClient, GetMetricDataCommandInput } from '@aws-sdk/client-cloudwatch';
import { tellEvidence } from '../../../lambda/evidence-alarm/evidence';
import type { EvidenceAlarmPlan } from '../../../lib/core/hook/judge-alarm';

const MINUTE = 60_000;
const FROM = Date.UTC(2026, 0, 1);
const source = (metricName: string, fleet?: string): EvidenceAlarmPlan['candidate']['total'] => ({
  namespace: 'AWS/SageMaker', metricName, statistic: 'Sum',
  dimensions: { EndpointName: 'fraud', VariantName: 'AllTraffic', ...(fleet !== undefined && { EndpointConfigName: fleet }) },
});
const PLAN: EvidenceAlarmPlan = {
  schema: 1, name: 'fraud', label: 'errors', alpha: 0.01, lookbackMinutes: 180,
  candidate: { total: source('Invocations', 'new'), bad: source('Invocation5XXErrors', 'new') },
  whole: { total: source('Invocations'), bad: source('Invocation5XXErrors') },
};

/** Counts of a minute: requests and errors of the candidate's fleet and of both. */
type Minute = readonly [candidate: number, candidateBad: number, whole: number, wholeBad: number];

/** What is published, minute by minute, while a fleet of SageMaker is shifted. */
async function published(minutes: number, counts: (minute: number) => Minute): Promise<readonly (number | undefined)[]> {
  const told: (number | undefined)[] = [];
  for (let minute = 1; minute <= minutes; minute++) {
    let value: number | undefined;
    const send = async ({ input }: { readonly input: GetMetricDataCommandInput }): Promise<object> => ({
      MetricDataResults: input.MetricDataQueries!.map(({ Id, MetricStat: stat }) => {
        const { MetricName: name, Dimensions: dimensions = [] } = stat!.Metric!;
        const at = (dimensions.length === 3 ? 0 : 2) + (name === 'Invocations' ? 0 : 1);
        const seen = Array.from({ length: minute }, (_, index) => [FROM + index * MINUTE, counts(index)[at]] as const)
          .filter(([time, count]) => count > 0 && time >= input.StartTime!.getTime() && time < input.EndTime!.getTime());
        return { Id, StatusCode: 'Complete', Timestamps: seen.map(([time]) => new Date(time)), Values: seen.map(([, count]) => count) };
      }),
    });
    await tellEvidence(PLAN, {
      cloudWatch: { send } as unknown as CloudWatchClient, now: () => FROM + minute * MINUTE, log: () => {},
      publish: (logEvidence) => (value = logEvidence),
    });
    told.push(value);
  }
  return told;
}

const THRESHOLD = Math.log(100);

test('before the candidate has requests there is nothing to publish', async () => {
  expect(await published(20, () => [0, 0, 1_000, 10])).toEqual(Array(20).fill(undefined));
});

test('a candidate that is as good never sets the alarm off, also once it has all', async () => {
  const told = await published(90, (minute) => (minute < 30 ? [100, 1, 1_000, 10] : [1_000, 10, 1_000, 10]));
  expect(told.slice(5).every((value) => value !== undefined && value < THRESHOLD)).toBe(true);
});

test('one that fails sets it off within minutes, and it stays until the deployment is over', async () => {
  const told = await published(30, (minute) => (minute < 12 ? [100, 40, 1_000, 50] : [0, 0, 1_000, 10]));
  const off = told.findIndex((value) => value !== undefined && value >= THRESHOLD);
  expect(off).toBeGreaterThan(0);
  expect(off).toBeLessThan(10);
  expect(told.slice(off).every((value) => value! >= THRESHOLD)).toBe(true);
});

test('what fails everywhere is not the candidate\'s fault', async () => {
  const told = await published(60, (minute) => (minute > 20 && minute < 30 ? [100, 60, 1_000, 600] : [100, 1, 1_000, 10]));
  expect(told.every((value) => value === undefined || value < THRESHOLD)).toBe(true);
});

test('counts that cannot be true set nothing off', async () => {
  expect(await published(10, () => [100, 300, 1_000, 310])).toEqual(Array(10).fill(undefined));
});

test('metrics that cannot be read are an error of the function, and no evidence', async () => {
  const publish = jest.fn();
  const send = async (): Promise<never> => {
    throw new Error('Rate exceeded');
  };
  await expect(tellEvidence(PLAN, { cloudWatch: { send } as unknown as CloudWatchClient, now: () => FROM, publish, log: () => {} })).rejects.toThrow('Rate exceeded');
  expect(publish).not.toHaveBeenCalled();
});
