import { INSTANCE_HOUR, PRICES, type Prices } from '../../lib/core/prices';
import type { CandidateCapacity } from '../assembly/capacity';
import { LatencyDistribution } from '../engine/latency-distribution';
import type { Run } from '../engine/run';
import type { Scenario } from '../../lib/core/rehearsal/scenario';
import { mean } from '../statistics';

/** US dollars of a rollout on average. */
export interface RolloutCost {
  /**
   * Step Functions, Lambda, GetMetricData, DynamoDB and the candidate's metrics. Alarms are there without a rollout too, and are not in it.
   */
  readonly rollout: number;
  /** What serves the candidate while it runs; absent where there is no price of it. */
  readonly candidate?: number;
}

/** Of a controller's function: 512 MB on ARM, for a second. */
const INVOCATION_GB_SECONDS = 0.5;
/** The router's for the variant and for the version, and the controller's two. */
const METRICS = 2 * 10 + 2;

/** At the list prices of us-east-1. */
export function rolloutCost(runs: readonly Run[], scenario: Scenario, capacity: CandidateCapacity | undefined): RolloutCost {
  const candidate = candidateCost(runs, scenario, capacity);
  return { rollout: mean(runs.map((run) => machineryCost(run, PRICES))), ...(candidate === undefined ? {} : { candidate }) };
}

/** What watches over one rollout and moves it. */
export function machineryCost({ usage, seconds }: Run, prices: Prices): number {
  const { transitions, invocations, metricsRead, tableReads, tableWrites } = usage!;
  const hours = Math.ceil(seconds / 3_600);
  const invocation = prices.lambdaRequest + INVOCATION_GB_SECONDS * prices.lambdaArmGbSecond;
  return transitions * prices.stepFunctionsTransition + invocations * invocation + metricsRead * prices.metricRead
    + tableReads * prices.dynamoDbRead + tableWrites * prices.dynamoDbWrite + (METRICS * hours * prices.metricMonth) / prices.hoursAMonth;
}

function candidateCost(
  runs: readonly Run[],
  { candidate: { latency } }: Scenario,
  capacity: CandidateCapacity | undefined,
): number | undefined {
  if (capacity?.kind === 'instances') {
    const price = INSTANCE_HOUR[capacity.type];
    return price === undefined ? undefined : mean(runs.map(({ seconds }) => (capacity.count * price * seconds) / 3_600));
  }
  if (capacity?.kind === 'gb-seconds') {
    const answerSeconds = new LatencyDistribution(latency).usualMean / 1_000;
    const second = (capacity.memoryMb / 1_024) * (capacity.arm ? PRICES.lambdaArmGbSecond : PRICES.lambdaX86GbSecond);
    return mean(runs.map(({ candidateRequests }) => candidateRequests * (PRICES.lambdaRequest + answerSeconds * second)));
  }
  return undefined;
}
