import { createHash, randomBytes } from 'node:crypto';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { GATE_READINESS_SECONDS, type GateProperties } from '../../lib/core/gate';
import { percentOf } from '../../lib/core/rollout/stages';
import { gateAction, type GateAction, type GateSituation, restoration } from '../../lib/core/rollout/gate-action';
import { firstInput } from '../../lib/core/rollout/execution';
import { parsePlan, previewAliasOf } from '../../lib/core/rollout/parse';
import type { RolloutPlan } from '../../lib/core/rollout/plan';
import { routeAt } from '../../lib/core/rollout/route-weights';
import { beginStage } from '../../lib/core/rollout/shares';
import type { Callback, Rejection, RolloutState } from '../../lib/core/rollout/state';
import { contentOf } from '../../lib/core/routing/direct';
import type { DirectAlias } from '../../lib/core/routing/direct-alias';
import { productionOf } from '../../lib/core/routing/effective';
import { type KnownRequest, ownerOf, remembered, type RouteMemory } from '../../lib/core/routing/ownership';
import { renewedKeys } from '../../lib/core/routing/session-keys';
import { parseDeclaredRoute, parseVariant } from '../../lib/core/routing/parse';
import type { Target } from '../../lib/core/backends/backends';
import type { DeclaredRoute, Variant } from '../../lib/core/routing/route';
import type { ProbeResult } from '../shared/router-protocol';
import { rewriteRoute } from '../shared/routes/change-route';
import type { RouteRecords, StoredRoute } from '../shared/routes/route-records';
import { changeState, type RolloutStore } from '../shared/records/rollout-store';
import { changeUntilItStands } from '../shared/records/versioned-table';

export interface GatePorts {
  readonly records: Pick<RouteRecords, 'read' | 'write' | 'remove'>;
  /** Undefined in a stack without rollouts. */
  readonly rollouts?: Pick<
    RolloutStore, 'readState' | 'writeState' | 'removeState' | 'rejection' | 'served' | 'addServed' | 'addCallback' | 'carryOver'
  >;
  /** Ask a router whether it can call the targets. */
  readonly probe: (routerFunction: string, targets: readonly Target[]) => Promise<ProbeResult>;
  /** Why an alias of Lambda is not the gate's to move, or nothing. */
  readonly aliasProblem: (direct: DirectAlias) => Promise<string | undefined>;
  /** Begin an execution of the controller; one of this name that is there already is the same. */
  readonly start: (name: string, input: object) => Promise<void>;
  /** CloudFormation's word for what it does with the stack. */
  readonly stackStatus: (stackId: string) => Promise<string>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => number;
  readonly warn: (notice: string, details: { readonly [name: string]: unknown }) => void;
}

/** A deployment that must not go on; the message is what `cdk deploy` prints. */
export class GateError extends Error {
  override readonly name = 'GateError';
}

/** Who tells CloudFormation how it ended. */
export type GateResult =
  | { readonly answer: 'now'; /** Address of a wait condition that nobody else will signal. */ readonly signal?: string }
  /** The controller answers at the end of the rollout. */
  | { readonly answer: 'later' };

/** How often what is not there yet is asked for again. */
const RETRY_MS = 2_000;
/** How often CloudFormation is asked for the state of the stack before it is unknown. */
const STACK_STATUS_ATTEMPTS = 10;

type CreateOrUpdate = Exclude<CloudFormationCustomResourceEvent, { RequestType: 'Delete' }>;

/** A request to create or update an alias. */
interface Request {
  readonly event: CreateOrUpdate;
  readonly properties: GateProperties;
  readonly declared: DeclaredRoute;
  readonly plan?: RolloutPlan;
  readonly candidate?: Variant;
  readonly owner: string;
  /** CloudFormation restores the template before. */
  readonly returning: boolean;
}

/**
 * Make the alias do what the template says: at once, or by a rollout if the model is another one and there is a plan. In both
 * cases CloudFormation deletes no version that a router may still use.
 *
 * Every step may run again: the same request twice writes, waits and starts once. On the way back nothing fails that callers could do
 * without: a stack that cannot go back is worse than a leftover.
 */
export async function gate(event: CloudFormationCustomResourceEvent, ports: GatePorts): Promise<GateResult> {
  if (event.RequestType === 'Delete') {
    await remove(event, ports);
    return { answer: 'now' };
  }
  const properties = readProperties(event.ResourceProperties);
  const request: Request = {
    event, properties,
    declared: parseDeclaredRoute(properties.Route),
    plan: planOf(properties),
    candidate: properties.Candidate === undefined ? undefined : parseVariant(JSON.parse(properties.Candidate), 'candidate'),
    owner: ownerOf(event.StackId, event.LogicalResourceId),
    returning: event.RequestType === 'Update' && (await isReturning(event, properties, ports)),
  };
  return request.returning ? persist(() => apply(request, ports), ports) : applyOnce(request, ports);
}

function planOf({ Plan: plan, Alias: alias }: GateProperties): RolloutPlan | undefined {
  try {
    return plan === undefined ? undefined : parsePlan(plan);
  } catch (error) {
    throw new GateError(`the plan of ${alias} cannot be used: ${(error as Error).message}`);
  }
}

/**
 * What is refused is remembered: the same request may come again when the stack is back at its old template, and no refusal stands then.
 */
async function applyOnce(request: Request, ports: GatePorts): Promise<GateResult> {
  try {
    return await apply(request, ports);
  } catch (error) {
    if (error instanceof GateError) {
      await rememberRefusal(request, error.message, ports).catch((failure: Error) => {
        ports.warn('a refusal is not remembered', { alias: request.properties.Alias, error: failure.name, reason: failure.message });
      });
    }
    throw error;
  }
}

async function rememberRefusal({ event, properties, owner }: Request, refused: string, ports: GatePorts): Promise<void> {
  await rewriteRoute(ports.records, properties.Table, properties.Alias, (record) => (record?.memory?.owner !== owner ? undefined : {
    json: record.json,
    memory: remembered(record, owner, record.memory.router, { id: event.RequestId, refused }),
  }), ports.sleep);
}

async function apply(request: Request, ports: GatePorts): Promise<GateResult> {
  const { event, properties, plan, declared, returning } = request;
  const record = await ports.records.read(properties.Table, properties.Alias);
  const known = record?.memory?.owner === request.owner ? record.memory.requests.find(({ id }) => id === event.RequestId) : undefined;
  if (known !== undefined) {
    return again(request, known, ports);
  }
  // On the way back what somebody else has made of the alias stays, and is said.
  const problem = returning || declared.direct === undefined ? undefined : await aliasProblem(declared.direct, ports);
  if (problem !== undefined) {
    throw new GateError(problem);
  }
  const situation = await consider(request, record, ports);
  const action = request.returning ? restoration(situation) : gateAction(situation);
  switch (action.act) {
    case 'refuse':
      throw new GateError(action.reason);
    case 'write':
      if (action.ends === true) {
        await endedBy(situation, action.why!, ports);
      }
      await writeRoute(request, action.route, situation, ports);
      return { answer: 'now', signal: freshHandle(request) };
    case 'go on':
      await changeRunning(situation.running!, action.change, ports);
      await writeRoute(request, action.route, situation, ports);
      return { answer: 'now', signal: freshHandle(request) };
    case 'roll out': {
      if (situation.stored === undefined) {
        // A first deployment with an explicit candidate: production comes first.
        await writeRoute(request, action.route, situation, ports);
      }
      await beginRollout(request, situation, action, ports);
      return plan!.answer === 'response' ? { answer: 'later' } : { answer: 'now' };
    }
  }
}

/** A permission that is as new as the alias takes seconds to be known. */
async function aliasProblem(direct: DirectAlias, ports: GatePorts): Promise<string | undefined> {
  const deadline = ports.now() + GATE_READINESS_SECONDS * 1_000;
  for (;;) {
    try {
      return await ports.aliasProblem(direct);
    } catch (error) {
      if ((error as Error).name !== 'AccessDeniedException' || ports.now() + RETRY_MS > deadline) {
        throw error;
      }
      await ports.sleep(RETRY_MS);
    }
  }
}

/** The same request once more: nothing is done that was done, and nothing is answered before its time. */
async function again({ event, properties, plan }: Request, { until, refused }: KnownRequest, ports: GatePorts): Promise<GateResult> {
  if (refused !== undefined) {
    throw new GateError(refused);
  }
  if (until !== undefined) {
    await wait(until, ports);
    return { answer: 'now', signal: freshHandle({ event, properties, returning: false }) };
  }
  const state = (await ports.rollouts?.readState(properties.Alias))?.state;
  if (state?.id === rolloutId(event.RequestId, properties.Alias) && state.outcome === undefined) {
    await ports.start(state.id, firstInput(state));
  }
  return plan?.answer === 'response' ? { answer: 'later' } : { answer: 'now' };
}

/**
 * Whether CloudFormation restores the template before. Where it does not say so, a version that was in production already is taken
 * as a restored one: it needs no proof, and a rollout would hold up the way back.
 */
async function isReturning(
  { StackId: stackId }: CreateOrUpdate,
  { Alias: alias, Route: route }: GateProperties,
  ports: GatePorts,
): Promise<boolean> {
  let status = 'UNKNOWN';
  for (let attempt = 0; attempt < STACK_STATUS_ATTEMPTS; attempt++) {
    try {
      status = await ports.stackStatus(stackId);
      break;
    } catch (error) {
      ports.warn('the state of the stack cannot be read', { alias, error: (error as Error).name, reason: (error as Error).message });
      await ports.sleep(RETRY_MS);
    }
  }
  return status === 'UNKNOWN'
    ? (await ports.rollouts?.served(alias, productionOf(parseDeclaredRoute(route)).version).catch(() => undefined)) !== undefined
    : // At its end the stack asks for nothing more: what still comes then is a request of before that was delivered late.
      status.endsWith('ROLLBACK_IN_PROGRESS');
}

/** Until it succeeds, for as long as CloudFormation waits. */
async function persist<T>(act: () => Promise<T>, ports: GatePorts): Promise<T> {
  const deadline = ports.now() + GATE_READINESS_SECONDS * 1_000;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (ports.now() + RETRY_MS > deadline) {
        throw error;
      }
      ports.warn('the route is not restored yet', { error: (error as Error).name, reason: (error as Error).message });
      await ports.sleep(RETRY_MS);
    }
  }
}

async function wait(until: number, ports: GatePorts): Promise<void> {
  if (until > ports.now()) {
    await ports.sleep(until - ports.now());
  }
}

/** The handle of a wait condition that may be waiting: one signals once, and its address is good for a day. */
function freshHandle({
  event,
  properties: { WaitHandle: handle },
  returning,
}: Pick<Request, 'event' | 'properties' | 'returning'>): string | undefined {
  const before = event.RequestType === 'Update' ? (event.OldResourceProperties as Partial<GateProperties>).WaitHandle : undefined;
  return returning || handle === before ? undefined : handle;
}

async function consider(request: Request, record: StoredRoute | undefined, ports: GatePorts): Promise<GateSituation> {
  const { event, properties, declared, candidate, plan, owner, returning } = request;
  const old = event.RequestType === 'Update' ? (event.OldResourceProperties as Partial<GateProperties>) : {};
  // Versions of another function are no versions of this one: its alias begins anew.
  const from = old.Alias !== undefined && old.Alias !== properties.Alias && declared.direct === undefined ? old.Alias : undefined;
  if (from !== undefined) {
    await ports.rollouts?.carryOver(from, properties.Alias);
  }
  const base = await baseRecord(request, record, from, ports);
  const stored = readable(base?.json);
  const last = await whereNeeded(request, undefined, async () => {
    const state = (await ports.rollouts?.readState(properties.Alias))?.state;
    // What is under way under the former name is no other rollout.
    return state?.id === stored?.rollout?.id || from === undefined ? state : (await ports.rollouts?.readState(from))?.state ?? state;
  }, ports);
  const wanted = [productionOf(declared), ...(candidate === undefined ? [] : [candidate])].map(contentOf);
  const others = base?.memory !== undefined && base.memory.owner !== owner && base.memory.router !== properties.RouterFunction;
  return {
    declared,
    candidate,
    plan,
    stored,
    last,
    ...(others || from !== undefined ? { moved: others ? 'tree' : 'name' } : {}),
    running: last !== undefined && last.id === stored?.rollout?.id && last.outcome === undefined ? last : undefined,
    formerCandidate: old.Candidate === undefined ? undefined : readableVariant(old.Candidate)?.version,
    rejections: returning
      ? []
      : (await Promise.all(wanted.map((version) => ports.rollouts?.rejection(properties.Alias, version)))).filter(
          (found): found is Rejection => found !== undefined,
        ),
    served: returning ? undefined : await ports.rollouts?.served(properties.Alias, productionOf(declared).version),
    now: ports.now(),
  };
}

/**
 * The record from which the alias moves on: its own, where it has that under another key still, or that of whoever has had the key so far.
 */
async function baseRecord(
  { properties: { Table: table }, owner }: Request, record: StoredRoute | undefined, from: string | undefined, ports: GatePorts,
): Promise<StoredRoute | undefined> {
  const former = record?.memory?.former;
  if (record !== undefined && former?.owner === owner) {
    return { revision: record.revision, json: former.route, memory: { owner, router: former.router, requests: [] } };
  }
  return from !== undefined && record?.memory?.owner !== owner ? ports.records.read(table, from) : record;
}

/** On the way back, what only a rollout needs is done without if it cannot be had. */
async function whereNeeded<T>({ returning, properties }: Request, otherwise: T, act: () => Promise<T>, ports: GatePorts): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!returning) {
      throw error;
    }
    ports.warn('the table of rollouts cannot be used', {
      alias: properties.Alias,
      error: (error as Error).name,
      reason: (error as Error).message,
    });
    return otherwise;
  }
}

/** Write a route that takes effect at once, and hold CloudFormation until what left it has drained. */
async function writeRoute(request: Request, route: DeclaredRoute, { stored, moved }: GateSituation, ports: GatePorts): Promise<void> {
  const { event, properties, owner } = request;
  const known = new Set(moved === 'tree' ? [] : stored?.variants.map((variant) => variant.version));
  await ready(request, route.variants.filter((variant) => !known.has(variant.version)), ports);
  let left: DeclaredRoute['variants'] = [];
  let until = 0;
  await rewriteRoute(ports.records, properties.Table, properties.Alias, (record) => {
    const replaced = record === undefined ? stored : readable(record.json);
    left = leaving(replaced, route);
    until = ports.now() + (left.length > 0 || mirrorsLeave(replaced, route) ? Number(properties.DrainSeconds) * 1_000 : 0);
    const memory = remembered(record, owner, properties.RouterFunction, { id: event.RequestId, until });
    return { json: JSON.stringify(route), memory: withSessionKeys(memory, request.declared, ports.now()) };
  }, ports.sleep);
  for (const { role, version } of left) {
    if (role === 'production') {
      await whereNeeded(
        request,
        undefined,
        async () => ports.rollouts?.addServed(properties.Alias, { version, until: ports.now() }),
        ports,
      );
    }
  }
  await wait(until, ports);
}

/** With keys that sign the tokens of conversations, where these stay; a key that has become old is followed by another. */
function withSessionKeys(memory: RouteMemory, { assignment }: DeclaredRoute, now: number): RouteMemory {
  return assignment.source !== 'session'
    ? memory
    : {
        ...memory,
        sessionKeys: renewedKeys(memory.sessionKeys ?? [], now, () => ({
          id: randomBytes(3).toString('hex'),
          key: randomBytes(32).toString('base64'),
        })),
      };
}

function leaving(replaced: DeclaredRoute | undefined, route: DeclaredRoute): Variant[] {
  const kept = new Set(route.variants.map((variant) => variant.version));
  return replaced?.variants.filter((variant) => !kept.has(variant.version)) ?? [];
}

/** A mirror and its bucket may be deleted once no router hands anything over to it. */
function mirrorsLeave(replaced: DeclaredRoute | undefined, { mirrors = [] }: DeclaredRoute): boolean {
  return replaced?.mirrors?.some(({ functionArn }) => !mirrors.some((mirror) => mirror.functionArn === functionArn)) === true;
}

/**
 * Wait until the router can call every version; a new permission takes seconds to be known everywhere. On the way back it is no
 * question: the versions are those that have served, and the others are about to be deleted.
 */
async function ready(
  { properties: { RouterFunction: router, Alias: alias }, returning }: Request,
  variants: readonly Variant[],
  ports: GatePorts,
): Promise<void> {
  if (returning || variants.length === 0) {
    return;
  }
  const deadline = ports.now() + GATE_READINESS_SECONDS * 1_000;
  const targets = variants.map((variant) => variant.target);
  for (;;) {
    const { problems } = await ports.probe(router, targets);
    if (problems.length === 0) {
      return;
    }
    if (ports.now() + RETRY_MS > deadline) {
      throw new GateError(
        `the router of ${alias} could not call ${problems.length} of ${targets.length} versions within ${GATE_READINESS_SECONDS} s: `
          + `${problems.join('; ')}`,
      );
    }
    await ports.sleep(RETRY_MS);
  }
}

/**
 * Keep the rollout's state, put the alias under it with no weight for the candidate yet, or with the one that it had, and start the
 * controller, in this order: whatever is missing when the function dies, a retry adds, and until then production has all requests.
 */
async function beginRollout(
  request: Request,
  situation: GateSituation,
  { from, plan, route, ...versions }: Extract<GateAction, { act: 'roll out' }>,
  ports: GatePorts,
): Promise<void> {
  const { event, properties, owner } = request;
  const { rollouts } = ports;
  if (rollouts === undefined) {
    throw new GateError('the stack has a rollout but no table of rollouts; the resource was not defined by this package');
  }
  const id = rolloutId(event.RequestId, properties.Alias);
  const { production, candidate, promoted } = versions;
  const known = new Set(situation.stored?.variants.map((variant) => variant.version));
  await ready(request, known.size === 0 || known.has(production.version) ? [] : [production], ports);
  const now = ports.now();
  const leaseUntil = now + plan.leaseSeconds * 1_000;
  const state: RolloutState = {
    schema: 1,
    id,
    alias: properties.Alias,
    plan,
    production,
    candidate,
    promoted,
    routerFunction: properties.RouterFunction,
    startedAt: now,
    stage: -1,
    stageStartedAt: now,
    prepared: false,
    decisions: 0,
    ...(from && {
      stage: from.stage,
      prepared: from.prepared,
      baseline: from.baseline,
      approved: from.approved,
      paused: from.paused,
      shares: beginStage([], from.stage, now, leaseUntil),
    }),
  };
  const callback = callbackOf(request, plan);
  if (callback !== undefined) {
    await rollouts.addCallback(id, callback, now);
  }
  await changeState(rollouts, properties.Alias, (standing) => (standing?.id === id ? undefined : state));
  let until = 0;
  await rewriteRoute(
    ports.records,
    properties.Table,
    properties.Alias,
    (record) => {
      const standing = readable(record?.json);
      const json = JSON.stringify(
        standing?.rollout?.id === id
          ? standing
          : routeAt(route, state, from === undefined ? 0 : percentOf(plan, from.stage), from === undefined ? now : leaseUntil),
      );
      until =
        standing !== undefined && leaving(standing, parseDeclaredRoute(json)).length > 0
          ? now + Number(properties.DrainSeconds) * 1_000
          : 0;
      const memory = remembered(record, owner, properties.RouterFunction, { id: event.RequestId, ...(until > 0 && { until }) });
      return { json, memory: withSessionKeys(memory, request.declared, now) };
    },
    ports.sleep,
  );
  await ports.start(id, firstInput(state));
  await wait(until, ports);
}

/** Change the state of a rollout as long as it is this one. */
async function changeRunning(
  { alias, id }: RolloutState,
  change: (state: RolloutState) => RolloutState,
  { rollouts }: GatePorts,
): Promise<void> {
  if (rollouts !== undefined) {
    await changeState(rollouts, alias, (state) => (state?.id !== id || state.outcome !== undefined ? undefined : change(state)));
  }
}

/** Remember that a deployment has ended the rollout, so that the candidate which is still declared is not taken up again. */
async function endedBy({ running }: GateSituation, sentence: string, ports: GatePorts): Promise<void> {
  await changeRunning(
    running!,
    (state) => ({ ...state, outcome: { result: 'superseded', sentence, at: ports.now(), reported: true } }),
    ports,
  );
}

function callbackOf(request: Request, plan: RolloutPlan): Callback | undefined {
  const { event, properties } = request;
  switch (plan.answer) {
    case 'response':
      return {
        kind: 'response', url: event.ResponseURL, stackId: event.StackId, requestId: event.RequestId,
        logicalResourceId: event.LogicalResourceId, physicalResourceId: properties.Alias,
      };
    case 'wait-condition': {
      const url = freshHandle(request);
      return url === undefined ? undefined : { kind: 'wait-condition', url, uniqueId: event.RequestId };
    }
    case 'detached':
      return undefined;
  }
}

/**
 * Remove the record if it is the resource's own. One that has taken the key over from another that is still there gives it back: that
 * is the rollback of a move. What cannot be removed is left, and said: nobody is waiting for it.
 */
async function remove(
  { StackId: stackId, LogicalResourceId: logicalId, ResourceProperties: given }: CloudFormationCustomResourceEvent,
  ports: GatePorts,
): Promise<void> {
  const { Table: table, Alias: alias, Plan: plan, DrainSeconds: drainSeconds } = given as Partial<GateProperties>;
  if (typeof table !== 'string' || typeof alias !== 'string') {
    return;
  }
  try {
    const result = await persist(() => release(table, alias, ownerOf(stackId, logicalId), ports), ports);
    if (result === 'removed') {
      // The controller of a running rollout finds the alias gone, and ends.
      const previewAlias = plan === undefined ? undefined : previewAliasOf(plan);
      if (previewAlias !== undefined) {
        await ports.records.remove(table, previewAlias);
      }
    }
    if (result === 'removed' || result === 'given back') {
      await ports.rollouts?.removeState(alias);
    }
    if (result !== 'removed' && result !== 'not ours') {
      await ports.sleep(Number(drainSeconds) * 1_000);
    }
  } catch (error) {
    ports.warn('a record is left behind', { alias, error: (error as Error).name, reason: (error as Error).message });
  }
}

/** What becomes of a record whose alias is deleted. */
interface Release {
  readonly result: 'removed' | 'given back' | 'given up';
  /** What stays for another owner; nothing where the record goes. */
  readonly left?: { readonly json: string; readonly memory: RouteMemory };
}

async function release(table: string, alias: string, owner: string, ports: GatePorts): Promise<Release['result'] | 'not ours'> {
  const released = await changeUntilItStands<StoredRoute, Release>(
    {
      what: `the route of ${alias}`,
      read: () => ports.records.read(table, alias),
      write: (record, { left }) =>
        left === undefined
          ? ports.records.remove(table, alias, record)
          : ports.records.write(table, alias, record, left.json, left.memory),
    },
    (record) => releaseOf(record, owner),
    ports.sleep,
  );
  return released?.result ?? 'not ours';
}

/** Undefined for a record that is another owner's, who does not hold it for this one. */
function releaseOf(record: StoredRoute | undefined, owner: string): Release | undefined {
  const { memory } = record ?? {};
  if (record === undefined || memory === undefined || (memory.owner === owner && memory.former === undefined)) {
    return { result: 'removed' };
  }
  if (memory.owner === owner) {
    const { route, ...former } = memory.former!;
    return { result: 'given back', left: { json: route, memory: { ...former, requests: [] } } };
  }
  if (memory.former?.owner !== owner) {
    return undefined;
  }
  const { former: _former, ...rest } = memory;
  return { result: 'given up', left: { json: record.json, memory: rest } };
}

/** One that cannot be read was not served either, so nothing has to drain. */
function readable(json: string | undefined): DeclaredRoute | undefined {
  try {
    return json === undefined ? undefined : parseDeclaredRoute(json);
  } catch {
    return undefined;
  }
}

function readableVariant(json: string): Variant | undefined {
  try {
    return parseVariant(JSON.parse(json), 'candidate');
  } catch {
    return undefined;
  }
}

/** Id of the rollout that a request of CloudFormation begins, also the name of the controller's execution. */
function rolloutId(requestId: string, alias: string): string {
  const hash = createHash('sha256').update(`${requestId} ${alias}`).digest('hex').slice(0, 16);
  return `${alias.replace(/[^A-Za-z0-9-]/g, '-').slice(-48)}-${hash}`;
}

function readProperties(properties: { readonly [name: string]: unknown }): GateProperties {
  for (const name of ['Table', 'Alias', 'Route', 'RouterFunction', 'DrainSeconds'] as const) {
    if (typeof properties[name] !== 'string' || properties[name] === '') {
      throw new GateError(`property ${name} is missing; the resource was not defined by ModelEndpoint`);
    }
  }
  if (!(Number(properties.DrainSeconds) >= 0)) {
    throw new GateError(`property DrainSeconds is ${JSON.stringify(properties.DrainSeconds)}, not a number of seconds`);
  }
  return properties as unknown as GateProperties;
}
