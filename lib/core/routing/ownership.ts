import type { SessionKey } from './session-keys';

/**
 * Whose a route record is. CloudFormation creates the resource of an endpoint that has moved before it deletes the old one, and both
 * have the same key; so the record says who wrote it, and keeps what the one before had written until that one is deleted.
 */
export interface RouteMemory {
  /** The resource whose declaration the record follows: its stack's id and its logical id. */
  readonly owner: string;
  /** The owner's router function. */
  readonly router: string;
  /** Requests of CloudFormation that were answered, the last ones: the same request again changes nothing. */
  readonly requests: readonly KnownRequest[];
  /** From whom the owner has taken the record over, while that resource is still there. */
  readonly former?: FormerRoute;
  /** With what tokens of conversations are signed, the newest last; absent where conversations do not stay. */
  readonly sessionKeys?: readonly SessionKey[];
}

export interface KnownRequest {
  readonly id: string;
  /** When CloudFormation may be answered, epoch milliseconds; absent where a rollout has begun. */
  readonly until?: number;
  /** Why it was refused. */
  readonly refused?: string;
}

/** A route as it stood when another resource took its record over; the router of the former owner goes on with it. */
export interface FormerRoute {
  readonly owner: string;
  readonly router: string;
  readonly route: string;
}

/** CloudFormation's events come at least once, and long after one another only by mistake. */
const REMEMBERED = 8;

/** Name of the owner of a record. */
export function ownerOf(stackId: string, logicalId: string): string {
  return `${stackId} ${logicalId}`;
}

/** What is remembered once `owner` has written the record. */
export function remembered(
  stored: { readonly json: string; readonly memory?: RouteMemory } | undefined, owner: string, router: string, request: KnownRequest,
): RouteMemory {
  const before = stored?.memory;
  const known = before?.requests.filter(({ id }) => id !== request.id) ?? [];
  const former =
    before === undefined || before.owner === owner ? before?.former : { owner: before.owner, router: before.router, route: stored!.json };
  return {
    owner, router, requests: [...known, request].slice(-REMEMBERED),
    // Whoever comes back is nobody's successor, and a router has one route.
    ...(former === undefined || former.owner === owner || former.router === router ? {} : { former }),
    ...(before?.sessionKeys && { sessionKeys: before.sessionKeys }),
  };
}

/** The route that a router function serves by. */
export function routeOf(json: string, memory: RouteMemory | undefined, functionName: string | undefined): string {
  const former = memory?.former;
  return former !== undefined && functionName !== undefined && former.router.split(':').at(-1) === functionName ? former.route : json;
}

/** Read what is remembered; a record without, or with what nobody understands, is nobody's. */
export function parseMemory(json: string | undefined): RouteMemory | undefined {
  try {
    const memory = JSON.parse(json ?? 'null') as RouteMemory | null;
    return typeof memory?.owner === 'string' && Array.isArray(memory.requests) ? memory : undefined;
  } catch {
    return undefined;
  }
}
