import {
  DeleteFunctionCommand,
  GetAccountSettingsCommand,
  GetFunctionConcurrencyCommand,
  GetProvisionedConcurrencyConfigCommand,
  PublishVersionCommand,
} from '@aws-sdk/client-lambda';
import type { LambdaTarget } from '../../../lib/core/backends/lambda';
import {
  accountProblem,
  concurrencyProblem,
  type ForeseenProblem,
  provisionedProblem,
  requestsInFlight,
} from '../../../lib/core/rollout/capacity';
import {
  type BackendClients,
  likeCandidate,
  type LookedAfter,
  NoControlError,
  NOT_OURS,
  type RoomQuestion,
  seen,
  UNATTENDED,
} from './backend';

type Clients = Pick<BackendClients, 'lambda'>;

/** Functions: Lambda scales them, within the concurrency that they have or share. */
export const LAMBDA: LookedAfter = {
  ...UNATTENDED,

  // What functions have of their own is read once for a step.
  room: async (question, clients) => {
    const candidate = question.candidate as LambdaTarget;
    const versions = { candidate, production: likeCandidate(candidate, question.production) };
    const [mine, theirs] = await Promise.all([reservedFor(versions.candidate, clients), reservedFor(versions.production, clients)]);
    const reserved = { mine, theirs };
    return [
      ...(await ofFunction(versions, question, reserved, clients)),
      ...(await ofAccount(versions, question, reserved, clients)),
    ];
  },

  /**
   * A published version of a function has execution environments of its own, and the code and the settings of the function, for which
   * nobody pays while nobody calls. Asked again, Lambda answers with the version that is there. It goes with its function at the latest, so
   * nothing is left behind if nobody is alive to remove it.
   */
  startAnew: async (target: LambdaTarget, { lambda }) => {
    if (parseFunctionArn(target.functionArn).qualifier !== undefined) {
      throw new NoControlError(
        'production is a published version, with snapStart or provisionedConcurrency, of which there is no second one',
      );
    }
    const { FunctionArn: functionArn, State: status } = await published(target.functionArn, lambda);
    if (functionArn === undefined || (status !== undefined && status !== 'Active')) {
      throw new Error(`its version is ${status ?? 'not there'}`);
    }
    return { ...target, functionArn };
  },

  removeAnew: async ({ functionArn }: LambdaTarget, { lambda }) => {
    const { unqualified, qualifier } = parseFunctionArn(functionArn);
    // Without a version the whole function would go.
    if (qualifier === undefined) {
      return;
    }
    try {
      await lambda.send(new DeleteFunctionCommand({ FunctionName: unqualified, Qualifier: qualifier }));
    } catch (error) {
      if ((error as Error).name !== 'ResourceNotFoundException') {
        throw error;
      }
    }
  },
};

async function published(
  functionArn: string,
  lambda: Clients['lambda'],
): Promise<{ readonly FunctionArn?: string; readonly State?: string }> {
  try {
    return await lambda.send(new PublishVersionCommand({ FunctionName: functionArn, Description: 'Control arm of model rollouts' }));
  } catch (error) {
    if (NOT_OURS.has((error as Error).name)) {
      throw new NoControlError(
        `production's function may not be published by the controller, because it is not of this stack: ${(error as Error).message}`,
      );
    }
    throw error;
  }
}

/** Both versions; production only where it is a function too. */
interface Versions {
  readonly candidate: LambdaTarget;
  readonly production: LambdaTarget | undefined;
}

/** Concurrency of their own of both versions' functions; undefined where one shares the account's, or is no function. */
interface Reserved {
  readonly mine?: number;
  readonly theirs?: number;
}

async function ofFunction(
  { candidate, production }: Versions,
  { percent, load }: RoomQuestion,
  { mine, theirs }: Reserved,
  clients: Clients,
): Promise<ForeseenProblem[]> {
  const [provisioned, warm] = await Promise.all([provisionedFor(candidate, clients), provisionedFor(production, clients)]);
  return [
    mine === undefined ? undefined : concurrencyProblem({ setting: 'reservedConcurrency', most: mine }, percent, load, theirs),
    provisioned === undefined ? undefined : provisionedProblem(provisioned, percent, load, warm),
  ].filter((problem) => problem !== undefined);
}

/** A function's own concurrency; undefined if it shares the account's. */
async function reservedFor(target: LambdaTarget | undefined, { lambda }: Clients): Promise<number | undefined> {
  if (target === undefined) {
    return undefined;
  }
  const { unqualified } = parseFunctionArn(target.functionArn);
  return seen(
    async () => (await lambda.send(new GetFunctionConcurrencyCommand({ FunctionName: unqualified }))).ReservedConcurrentExecutions,
  );
}

async function provisionedFor(target: LambdaTarget | undefined, { lambda }: Clients): Promise<number | undefined> {
  const { unqualified, qualifier } = target === undefined ? {} : parseFunctionArn(target.functionArn);
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
  { production }: Versions,
  { percent, before, load }: RoomQuestion,
  { mine, theirs }: Reserved,
  { lambda, lately }: BackendClients,
): Promise<ForeseenProblem[]> {
  if (before === undefined || mine !== undefined) {
    return [];
  }
  const released =
    production !== undefined && theirs === undefined
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
  // The most that all functions without concurrency of their own have run at a time, of account and region.
  const used = await lately('AWS/Lambda', 'UnreservedConcurrentExecutions');
  return [accountProblem({ limit, used }, added, percent)].filter((problem) => problem !== undefined);
}

/** A function's address without version or alias, and these. */
interface FunctionArn {
  readonly unqualified: string;
  /** Name of the function. */
  readonly name: string;
  /** Version or alias; undefined for the function itself. */
  readonly qualifier?: string;
}

/** The parts of `arn:aws:lambda:region:account:function:name[:qualifier]`. */
function parseFunctionArn(arn: string): FunctionArn {
  const parts = arn.split(':');
  return { unqualified: parts.slice(0, 7).join(':'), name: parts[6], qualifier: parts[7] };
}
