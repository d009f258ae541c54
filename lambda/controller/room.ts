import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import {
  GetAccountSettingsCommand,
  GetFunctionConcurrencyCommand,
  GetProvisionedConcurrencyConfigCommand,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { DescribeEndpointConfigCommand } from '@aws-sdk/client-sagemaker';
import {
  accountProblem,
  type ForeseenProblem,
  concurrencyProblem,
  instancesProblem,
  type Load,
  provisionedProblem,
  requestsInFlight,
} from '../../lib/core/rollout/capacity';
import type { SeriesSource } from '../../lib/core/guardrails/sources';
import type { GateReading } from '../../lib/core/rollout/evidence';
import type { RolloutState } from '../../lib/core/rollout/state';
import type { SageMakerTarget } from '../../lib/core/backends/sagemaker';
import type { Target } from '../../lib/core/backends/backends';
import { parseFunctionArn } from '../shared/function-arn';
import { type CapacityClients, isScaled, NOT_OURS, variantOf } from './capacity';
import { recentLoad } from './load';
import { readSeries, valuesOf } from './series';
import { percentOf } from '../../lib/core/rollout/stages';

export interface RoomClients extends CapacityClients {
  readonly lambda: Pick<LambdaClient, 'send'>;
  readonly cloudWatch: Pick<CloudWatchClient, 'send'>;
}

/** The most that all functions without concurrency of their own have run at a time, of account and region. */
const USED: SeriesSource = { namespace: 'AWS/Lambda', metricName: 'UnreservedConcurrentExecutions', dimensions: {}, statistic: 'Maximum' };
const MINUTE_MS = 60_000;
const MINUTES = 15;

/**
 * Whether the candidate has room for the share that comes, by the load of the last minutes. Never rejects: what cannot be read waits, what
 * may not be seen is somebody else's.
 */
export async function roomFor(state: RolloutState, nextPercent: number, clients: RoomClients): Promise<GateReading[]> {
  if (state.plan.ignoresCapacity === true) {
    return [];
  }
  const name = 'room';
  try {
    const load = await recentLoad(clients.cloudWatch, state, clients.now());
    const reserved = await reservedOf(state, clients);
    const problems = [
      ...(await problemsOf(state, nextPercent, load, reserved, clients)),
      ...(await ofAccount(state, nextPercent, load, reserved, clients)),
    ];
    return problems.filter(({ certain }) => certain).map(({ sentence }): GateReading => ({ name, verdict: 'wait', reason: sentence }));
  } catch (error) {
    return [
      { name, verdict: 'wait', reason: `the candidate's limits are not known: ${(error as Error).name}: ${(error as Error).message}` },
    ];
  }
}

/** What of the candidate's limits would not bear all requests of production's busiest hour. Rejects if they cannot be read. */
export async function roomForAll(state: RolloutState, usual: Load, clients: RoomClients): Promise<ForeseenProblem[]> {
  if (state.plan.ignoresCapacity === true) {
    return [];
  }
  return (await problemsOf(state, 100, usual, await reservedOf(state, clients), clients)).map(({ certain, sentence }) => ({
    certain,
    sentence: `in production's busiest hour of the last day ${sentence}`,
  }));
}

/** Concurrency of their own of both versions' functions; undefined where one shares the account's, or is no function. */
interface Reserved {
  readonly mine?: number;
  readonly theirs?: number;
}

async function reservedOf({ candidate, production }: RolloutState, { lambda }: RoomClients): Promise<Reserved> {
  if (candidate.target.kind !== 'lambda') {
    return {};
  }
  const [mine, theirs] = await Promise.all([reservedFor(candidate.target, lambda), reservedFor(production.target, lambda)]);
  return { mine, theirs };
}

async function problemsOf(
  state: RolloutState,
  percent: number,
  load: Load,
  reserved: Reserved,
  clients: RoomClients,
): Promise<ForeseenProblem[]> {
  const { target } = state.candidate;
  const problems = target.kind === 'lambda'
    ? await ofFunction(state, percent, load, reserved, clients)
    : await ofEndpoint(target, state, percent, load, clients);
  return problems.filter((problem) => problem !== undefined);
}

async function ofFunction(
  { candidate, production }: RolloutState,
  percent: number,
  load: Load,
  { mine, theirs }: Reserved,
  { lambda }: RoomClients,
): Promise<(ForeseenProblem | undefined)[]> {
  const [provisioned, warm] = await Promise.all([provisionedFor(candidate.target, lambda), provisionedFor(production.target, lambda)]);
  return [
    mine === undefined ? undefined : concurrencyProblem({ setting: 'reservedConcurrency', most: mine }, percent, load, theirs),
    provisioned === undefined ? undefined : provisionedProblem(provisioned, percent, load, warm),
  ];
}

/** A function's own concurrency; undefined if it shares the account's. */
async function reservedFor(target: Target, lambda: RoomClients['lambda']): Promise<number | undefined> {
  if (target.kind !== 'lambda') {
    return undefined;
  }
  const { unqualified } = parseFunctionArn(target.functionArn);
  return seen(
    async () => (await lambda.send(new GetFunctionConcurrencyCommand({ FunctionName: unqualified }))).ReservedConcurrentExecutions,
  );
}

async function provisionedFor(target: Target, lambda: RoomClients['lambda']): Promise<number | undefined> {
  const { unqualified, qualifier } = target.kind === 'lambda' ? parseFunctionArn(target.functionArn) : {};
  return qualifier === undefined
    ? undefined
    : seen(
        async () =>
          (await lambda.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName: unqualified, Qualifier: qualifier })))
            .RequestedProvisionedConcurrentExecutions,
      );
}

/**
 * What the candidate adds to what the account's functions run, where it shares their concurrency: what production runs less counts for it
 * if that shares it too.
 */
async function ofAccount(
  state: RolloutState,
  percent: number,
  load: Load,
  { mine, theirs }: Reserved,
  { lambda, cloudWatch, now }: RoomClients,
): Promise<ForeseenProblem[]> {
  const {
    candidate: { target },
    production,
    plan,
    stage,
  } = state;
  if (target.kind !== 'lambda' || mine !== undefined) {
    return [];
  }
  const before = percentOf(plan, stage);
  const released =
    production.target.kind === 'lambda' && theirs === undefined
      ? Math.floor((load.requestsPerSecond * load.seconds * (percent - before)) / 100)
      : 0;
  const added = requestsInFlight(percent, load) - Math.floor((load.requestsPerSecond * load.seconds * before) / 100) - released;
  if (added <= 0) {
    return [];
  }
  const limit = await seen(async () => (await lambda.send(new GetAccountSettingsCommand({}))).AccountLimit?.UnreservedConcurrentExecutions);
  if (limit === undefined) {
    return [];
  }
  const until = Math.ceil(now() / MINUTE_MS) * MINUTE_MS;
  const series = await readSeries(cloudWatch, [USED], { start: until - MINUTES * MINUTE_MS, until, periodSeconds: 60 });
  const used = Math.max(0, ...[...valuesOf(series, USED).values()].filter(Number.isFinite));
  return [accountProblem({ limit, used }, added, percent)].filter((problem) => problem !== undefined);
}

async function ofEndpoint(
  target: SageMakerTarget,
  state: RolloutState,
  percent: number,
  load: Load,
  clients: RoomClients,
): Promise<(ForeseenProblem | undefined)[]> {
  const {
    plan: { capacity, instanceRequestsPerMinute },
    production,
  } = state;
  const [mine, theirs] = await Promise.all([
    seen(() => machinesOf(target, clients)),
    production.target.kind === 'sagemaker' ? seen(() => machinesOf(production.target as SageMakerTarget, clients)) : undefined,
  ]);
  if (mine === undefined) {
    return [];
  }
  if (mine.serverless !== undefined) {
    return [concurrencyProblem({ setting: 'maxConcurrency', most: mine.serverless }, percent, load, theirs?.serverless)];
  }
  const most = capacity?.max ?? mine.present;
  const alike = theirs?.present !== undefined && theirs.type !== undefined && theirs.type === mine.type;
  return most === undefined
    ? []
    : [
        instancesProblem(
          {
            most,
            scales: capacity !== undefined,
            ...(instanceRequestsPerMinute === undefined ? {} : { requestsPerMinute: instanceRequestsPerMinute }),
            ...(alike
              ? {
                  production: {
                    present: theirs.present!,
                    scales: (await seen(() => isScaled(production.target as SageMakerTarget, clients))) ?? false,
                  },
                }
              : {}),
          },
          percent,
          load,
        ),
      ];
}

interface Machines {
  readonly present?: number;
  readonly type?: string;
  /** Requests at a time, of an endpoint without instances. */
  readonly serverless?: number;
}

async function machinesOf(target: SageMakerTarget, clients: RoomClients): Promise<Machines> {
  const { config, name, present, serverless } = await variantOf(target, clients);
  if (serverless !== undefined) {
    return { serverless };
  }
  const { ProductionVariants: variants = [] } = await clients.sageMaker.send(
    new DescribeEndpointConfigCommand({ EndpointConfigName: config }),
  );
  return { present, type: variants.find(({ VariantName: of }) => of === name)?.InstanceType };
}

/** What can be seen; undefined for what is not there, or is somebody else's. */
async function seen<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    const { name } = error as Error;
    if (NOT_OURS.has(name) || name === 'ResourceNotFoundException' || name === 'ProvisionedConcurrencyConfigNotFoundException') {
      return undefined;
    }
    throw error;
  }
}
