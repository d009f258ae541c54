import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  aliasWeights, type AliasStamp, type DirectRoute, productionWeights, sameWeights, weightsInWords,
} from '../../../lib/core/routing/direct';
import type { DirectAlias } from '../../../lib/core/routing/direct-alias';
import { effectiveVariants } from '../../../lib/core/routing/effective';
import type { RouteMemory } from '../../../lib/core/routing/ownership';
import { parseDeclaredRoute } from '../../../lib/core/routing/parse';
import { routeOfProduction } from '../../../lib/core/rollout/route-weights';
import { onFirstUse } from '../on-first-use';
import { RouteRecords, type StoredRoute } from '../routes/route-records';
import type { Aliases, StandingAlias } from './aliases';

/** How often an alias is looked at anew that somebody else changes at the same time. */
const ATTEMPTS = 5;

export interface DirectRoutesOptions {
  /** @default - those of Lambda */
  readonly aliases?: () => Promise<Aliases>;
  /** Aliases that are not there are made. */
  readonly creates?: boolean;
  readonly now?: () => number;
  readonly warn?: (notice: string, details: { readonly [name: string]: unknown }) => void;
}

/** Read with the first direct route: others never need the clients. */
const lambdaAliases = onFirstUse<Aliases>(async () => new (await import('./lambda-aliases.js')).LambdaAliases());

/**
 * The route table, and the weights of AWS's own that carry a direct route out. The record comes first and the alias after it, with the
 * record's revision in its description: an older writer that is late finds a newer revision there and leaves the alias alone.
 *
 * A candidate's share is kept by a one-time schedule, which is there before the share is, is put off with every lease, and does nothing to
 * an alias that somebody else has changed meanwhile. What a writer that died left undone the next reader does, where that is the way back.
 *
 * An alias that somebody else has changed ends the rollout and is left as it is: who did it wanted that.
 */
export class DirectRoutes extends RouteRecords {
  private readonly aliases: () => Promise<Aliases>;
  private readonly now: () => number;

  constructor(client: Pick<DynamoDBClient, 'send'>, private readonly options: DirectRoutesOptions = {}) {
    super(client);
    this.aliases = options.aliases ?? lambdaAliases;
    this.now = options.now ?? Date.now;
  }

  override async read(table: string, key: string): Promise<StoredRoute | undefined> {
    const stored = await super.read(table, key);
    const route = directRoute(stored?.json);
    if (stored === undefined || route === undefined) {
      return stored;
    }
    const aliases = await this.aliases();
    const alias = await aliases.look(route.direct);
    const drift = driftOf(route.direct, alias);
    if (drift !== undefined) {
      const running = route.rollout !== undefined && route.rollout.aborted === undefined;
      return running ? this.endByDrift(table, key, stored, route, drift) : stored;
    }
    const alone = effectiveVariants(route, this.now()).length === 1;
    if (alone && alias!.stamp!.revision < stored.revision && !sameWeights(alias!.weights, productionWeights(route))) {
      await this.carryOut(route, stored.revision, productionWeights(route));
    }
    return stored;
  }

  override async write(
    table: string, key: string, replaced: StoredRoute | undefined, json: string, memory: RouteMemory | undefined = replaced?.memory,
  ): Promise<boolean> {
    if (!(await super.write(table, key, replaced, json, memory))) {
      return false;
    }
    const route = directRoute(json);
    if (route !== undefined) {
      await this.carryOut(route, (replaced?.revision ?? 0) + 1, aliasWeights(route));
    }
    return true;
  }

  override async remove(table: string, key: string, read?: StoredRoute): Promise<boolean> {
    const route = directRoute(read?.json);
    if (!(await super.remove(table, key, read))) {
      return false;
    }
    if (route !== undefined) {
      const aliases = await this.aliases();
      await aliases.endLease(route.direct);
      const alias = await aliases.look(route.direct);
      if (alias !== undefined && driftOf(route.direct, alias) === undefined) {
        await aliases.remove(route.direct);
      }
    }
    return true;
  }

  /** Why an alias is not ours to move, or nothing. One that is not there yet can be made. */
  async problem(direct: DirectAlias): Promise<string | undefined> {
    const alias = await (await this.aliases()).look(direct);
    if (alias === undefined) {
      return undefined;
    }
    if (alias.stamp === undefined) {
      return `alias ${direct.aliasName} of ${direct.functionName} is there already, and is not one of this construct: it names `
        + `${weightsInWords(alias.weights)}; delete it or the resource that has made it, or choose another aliasName, and deploy again`;
    }
    const drift = driftOf(direct, alias);
    return drift && `${drift}; put it back on ${weightsInWords(alias.stamp.weights)}, and deploy again`;
  }

  private async endByDrift(
    table: string, key: string, stored: StoredRoute, route: DirectRoute, reason: string,
  ): Promise<StoredRoute | undefined> {
    const { id, startedAt } = route.rollout!;
    const ended = routeOfProduction(route, {
      id, ...(startedAt === undefined ? {} : { startedAt }), aborted: { by: 'the alias', reason, at: this.now(), blameless: true },
    });
    await super.write(table, key, stored, JSON.stringify({ ...ended, revision: undefined }));
    await (await this.aliases()).endLease(route.direct);
    this.options.warn?.('the alias was changed by somebody else', { alias: key, reason });
    return super.read(table, key);
  }

  /** Make the alias say what the record says, unless it says something newer. */
  private async carryOut(route: DirectRoute, revision: number, weights: AliasStamp['weights']): Promise<void> {
    const { direct, lease } = route;
    const aliases = await this.aliases();
    const stamp = { revision, weights };
    const back = { revision, weights: productionWeights(route) };
    const shared = Object.keys(weights.others).length > 0;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const alias = await aliases.look(direct);
      if (alias === undefined && this.options.creates === true) {
        await aliases.create(direct, stamp);
        return;
      }
      const drift = driftOf(direct, alias);
      if (drift !== undefined) {
        await aliases.endLease(direct);
        this.options.warn?.('an alias is left as somebody else has made it', { alias: direct.aliasName, reason: drift });
        return;
      }
      if (alias!.stamp!.revision > revision) {
        return;
      }
      const same = sameWeights(alias!.weights, weights);
      if (shared && same) {
        await aliases.keepLease(direct, { until: lease!.until, back, revisionId: alias!.revisionId });
        return;
      }
      if (shared) {
        await aliases.keepLease(direct, { until: lease!.until, back });
      }
      const done = same && alias!.stamp!.revision === revision;
      const revisionId = done ? alias!.revisionId : await aliases.update(direct, stamp, alias!.revisionId);
      if (revisionId !== undefined) {
        await (shared ? aliases.keepLease(direct, { until: lease!.until, back, revisionId }) : aliases.endLease(direct));
        return;
      }
    }
    throw new Error(`alias ${direct.aliasName} of ${direct.functionName} was changed by others ${ATTEMPTS} times in a row`);
  }
}

/** What somebody else has made of an alias, or nothing. */
function driftOf({ functionName, aliasName }: DirectAlias, alias: StandingAlias | undefined): string | undefined {
  const what = `alias ${aliasName} of ${functionName}`;
  if (alias === undefined) {
    return `${what} is gone`;
  }
  if (alias.stamp === undefined) {
    return `${what} was written by somebody else: it names ${weightsInWords(alias.weights)}`;
  }
  return sameWeights(alias.weights, alias.stamp.weights)
    ? undefined
    : `${what} was changed by somebody else: it names ${weightsInWords(alias.weights)}, `
      + `where ${weightsInWords(alias.stamp.weights)} was written`;
}

function directRoute(json: string | undefined): DirectRoute | undefined {
  // Most routes have a router, and are parsed by whoever reads them.
  if (json === undefined || !json.includes('"direct"')) {
    return undefined;
  }
  try {
    const { direct, ...route } = parseDeclaredRoute(json);
    return direct && { ...route, direct };
  } catch {
    return undefined;
  }
}
