/**
 * An instance takes so many times what autoscaling is told to aim at: two thirds of what it can take is what the setting's own
 * documentation asks for.
 */
export const BEYOND_AIM = 1.5;

/** What an alias has to answer: requests of all versions a second, and the seconds that one takes on average. */
export interface Load {
  readonly requestsPerSecond: number;
  readonly seconds: number;
}

/** What a template declares of the most that a version can answer. Nothing where only the account or AWS limits it. */
export interface DeclaredCapacity {
  /** Requests at a time, beyond which others are refused. */
  readonly concurrency?: { readonly setting: string; readonly most: number };
  /** Requests at a time for which capacity is kept initialised. */
  readonly provisioned?: number;
  /** Instances that it has at most, and the requests a minute that autoscaling aims at for one of them, where that was said. */
  readonly instances?: {
    readonly most: number; readonly scales: boolean; readonly requestsPerMinute?: number;
    /** What it has, if not instances. */
    readonly unit?: 'copies';
  };
}

/** Instances, or copies on shared ones, of both versions, as AWS has them. */
export interface InstanceCounts {
  /** That the candidate may have, and whether it scales up to them. */
  readonly most: number;
  /** What it has, if not instances. */
  readonly unit?: 'copies';
  readonly scales: boolean;
  /** Requests a minute that autoscaling aims at for an instance of the candidate's. */
  readonly requestsPerMinute?: number;
  /** Those of production, if they are of the candidate's type. */
  readonly production?: { readonly present: number; /** Their number follows the load. */ readonly scales: boolean };
}

/** What will stand in a candidate's way, or may, which nobody can know. */
export interface ForeseenProblem {
  readonly sentence: string;
  /** It will, rather than may. */
  readonly certain: boolean;
}

/**
 * Instances that a candidate needs for a share of the requests, when production has as many as all of them took: in
 * proportion, rounded up, within the declared limits. Whole instances are the reason why a small share still needs one.
 */
export function instancesFor(nextPercent: number, production: number, limits: { readonly min: number; readonly max: number }): number {
  return Math.min(limits.max, Math.max(limits.min, Math.ceil((production * nextPercent) / 100 - 1e-9)));
}

/**
 * Requests that a share has in flight at a time: what comes in while one is answered (Little's law), and three standard deviations for
 * chance, since arrivals that do not know of each other make that number a Poisson one. At least one.
 */
export function requestsInFlight(percent: number, { requestsPerSecond, seconds }: Load): number {
  const usual = requestsPerSecond * (percent / 100) * seconds;
  return Math.max(1, Math.ceil(usual + 3 * Math.sqrt(usual)));
}

/**
 * Why a limit on requests at a time does not suffice for a share. Production's own limit is enough for all requests, whatever they need: a
 * version with the same one is no worse off.
 */
export function concurrencyProblem(
  { setting, most }: NonNullable<DeclaredCapacity['concurrency']>, percent: number, load: Load, production: number = Infinity,
): ForeseenProblem | undefined {
  const needed = requestsInFlight(percent, load);
  return most >= Math.min(needed, production)
    ? undefined
    : {
        certain: true,
        sentence:
          `${setting} of the candidate is ${most}, but ${shareOfLoad(percent, load)} are up to ${needed} at a time, and what is beyond `
            + 'is refused; ' +
          `raise it to ${Math.min(requestsInFlight(100, load), production)}, which all of them need`,
      };
}

/** Why capacity that is kept initialised does not suffice for a share: the others start cold. */
export function provisionedProblem(
  provisioned: number,
  percent: number,
  load: Load,
  production: number = Infinity,
): ForeseenProblem | undefined {
  const needed = requestsInFlight(percent, load);
  return provisioned >= Math.min(needed, production)
    ? undefined
    : {
        certain: false,
        sentence: `provisionedConcurrency of the candidate is ${provisioned}, but ${shareOfLoad(percent, load)} are up to ${needed} at `
          + 'a time: the others meet environments that start cold',
      };
}

/**
 * Why a candidate's instances do not suffice for a share, by what one is said to take, or in proportion to production's of the same type.
 * What is known of a fixed number of production's instances is only that it is enough, so fewer of the candidate's may be as well.
 */
export function instancesProblem(
  { most, scales, requestsPerMinute, production, unit }: InstanceCounts,
  percent: number,
  load: Load,
): ForeseenProblem | undefined {
  const perInstance = requestsPerMinute && BEYOND_AIM * requestsPerMinute;
  const bySaying = perInstance === undefined ? Infinity : Math.ceil((load.requestsPerSecond * 60 * percent) / 100 / perInstance - 1e-9);
  const inProportion = production === undefined ? Infinity : Math.ceil((production.present * percent) / 100 - 1e-9);
  const needed = Math.min(bySaying, inProportion);
  if (!Number.isFinite(needed) || most >= needed) {
    return undefined;
  }
  const [setting, per] = unit === undefined ? ['instances', 'invocationsPerInstance'] : ['copies', 'invocationsPerCopy'];
  const [certain, why] =
    bySaying === needed
      ? [
          true,
          `${shareOfLoad(percent, load)} need ${needed} of them, at ${perInstance} a minute each, which is ${BEYOND_AIM} times `
            + per,
        ]
      : [
          production!.scales || Number.isFinite(bySaying),
          `production has ${production!.present} ${unit === undefined ? 'of the same type ' : ''}for all requests, `
            + `so that ${percent} % need ${needed}`,
        ];
  return {
    certain,
    sentence:
      `the candidate has ${scales ? `at most ${count(most, unit)}` : count(most, unit)}, but ${why}; ` +
      `raise ${setting}.${scales ? 'max' : 'min'}` +
      (certain ? '' : `, or say with ${per} what ${unit === undefined ? 'an instance' : 'a copy'} takes, where fewer are enough`),
  };
}

/** Why the concurrency that all functions of an account share does not suffice for the requests at a time that a share adds. */
export function accountProblem(
  { limit, used }: { readonly limit: number; readonly used: number },
  added: number,
  percent: number,
): ForeseenProblem | undefined {
  return used + added <= limit
    ? undefined
    : {
        certain: true,
        sentence:
          `the functions of the account may run ${limit} requests at a time and were at ${used} within the last quarter of an hour, `
            + `but ${percent} % need up to ${added} more; ` +
          'wait for a quieter hour, or have the quota "Concurrent executions" raised',
      };
}

function count(instances: number, unit: InstanceCounts['unit']): string {
  const [one, more] = unit === undefined ? ['instance', 'instances'] : ['copy', 'copies'];
  return `${instances} ${instances === 1 ? one : more}`;
}

function shareOfLoad(percent: number, { requestsPerSecond, seconds }: Load): string {
  const text = (value: number): string => String(Number(value.toPrecision(2)));
  return `${percent === 100 ? 'all' : `${Number(percent.toPrecision(4))} %`} of ${text(requestsPerSecond)} requests a `
    + `second${seconds > 0 ? ` that take ${text(1_000 * seconds)} ms` : ''}`;
}
