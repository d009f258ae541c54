import { createHash } from 'node:crypto';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { GATE_READINESS_SECONDS, type GateProperties } from '../../lib/core/gate';
import { gateAction, type GateAction, type GateSituation, wantedVersion } from '../../lib/core/rollout/gate-action';
import type { RolloutPlan } from '../../lib/core/rollout/plan';
import { routeAt } from '../../lib/core/rollout/route-weights';
import type { Callback, RolloutState } from '../../lib/core/rollout/state';
import { parseDeclaredRoute, parseVariant } from '../../lib/core/routing/parse';
import type { DeclaredRoute, Target, Variant } from '../../lib/core/routing/route';
import type { ProbeResult } from '../router/probe';
import { rewriteRoute } from '../shared/change-route';
import type { RouteRecords } from '../shared/route-records';
import type { RolloutStore } from '../shared/rollout-store';

export interface GatePorts {
  readonly records: Pick<RouteRecords, 'read' | 'write' | 'remove'>;
  /** Undefined in a stack without rollouts. */
  readonly rollouts?: Pick<RolloutStore, 'readState' | 'writeState' | 'removeState' | 'rejection' | 'served' | 'addServed'>;
  /** Ask a router whether it can call the targets. */
  readonly probe: (routerFunction: string, targets: readonly Target[]) => Promise<ProbeResult>;
  /** Begin an execution of the controller; one of this name that is there already is the same. */
  readonly start: (name: string, input: object) => Promise<void>;
  /** CloudFormation's word for what it does with the stack. */
  readonly stackStatus: (stackId: string) => Promise<string>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => number;
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

const PROBE_INTERVAL_MS = 2_000;
const WRITE_ATTEMPTS = 10;

/**
 * Make the alias do what the template says: at once, or by a rollout if the model is another one and there is a plan. In both
 * cases CloudFormation deletes no version that a router may still use.
 *
 * Every step may run again: the same request twice writes, waits and starts once. A rollback is the same act with the old
 * declaration, whose versions CloudFormation has not deleted yet.
 */
export async function gate(event: CloudFormationCustomResourceEvent, ports: GatePorts): Promise<GateResult> {
  const properties = readProperties(event.ResourceProperties);
  const plan = properties.Plan === undefined ? undefined : (JSON.parse(properties.Plan) as RolloutPlan);
  if (event.RequestType === 'Delete') {
    await remove(properties, plan, ports);
    return { answer: 'now' };
  }
  const declared = parseDeclaredRoute(properties.Route);
  const { situation, action } = await consider(event, properties, declared, plan, ports);
  switch (action.act) {
    case 'refuse':
      throw new GateError(action.reason);
    case 'write':
      await writeRoute(properties, action.route, situation, ports);
      return { answer: 'now', signal: properties.WaitHandle };
    case 'roll out': {
      if (situation.stored === undefined) {
        // A first deployment with an explicit candidate: production comes first.
        await writeRoute(properties, action.route, situation, ports);
      }
      await beginRollout(event, properties, situation, action, ports);
      return plan!.answer === 'response' ? { answer: 'later' } : { answer: 'now' };
    }
  }
}

async function consider(
  event: Exclude<CloudFormationCustomResourceEvent, { RequestType: 'Delete' }>, properties: GateProperties, declared: DeclaredRoute, plan: RolloutPlan | undefined, ports: GatePorts,
): Promise<{ situation: GateSituation; action: GateAction }> {
  const { rollouts } = ports;
  const candidate = properties.Candidate === undefined ? undefined : parseVariant(JSON.parse(properties.Candidate), 'candidate');
  const former = event.RequestType === 'Update' ? (event.OldResourceProperties as Partial<GateProperties>).Candidate : undefined;
  const wanted = wantedVersion({ declared, candidate });
  const stored = readable((await ports.records.read(properties.Table, properties.Alias))?.json);
  const state = (await rollouts?.readState(properties.Alias))?.state;
  const situation: GateSituation = {
    declared,
    candidate,
    plan,
    stored,
    running: state !== undefined && state.id === stored?.rollout?.id ? state : undefined,
    rolloutId: rolloutId(event.RequestId, properties.Alias),
    rollingBack: event.RequestType === 'Update' && /ROLLBACK/.test(await ports.stackStatus(event.StackId)),
    formerCandidate: former === undefined ? undefined : readableVariant(former)?.version,
    rejection: await rollouts?.rejection(properties.Alias, wanted),
    served: await rollouts?.served(properties.Alias, wanted),
    now: ports.now(),
  };
  return { situation, action: gateAction(situation) };
}

/** Write a route that takes effect at once, and hold CloudFormation until the versions that left it have drained. */
async function writeRoute(properties: GateProperties, route: DeclaredRoute, { stored }: GateSituation, ports: GatePorts): Promise<void> {
  const known = new Set(stored?.variants.map((variant) => variant.version));
  await ready(properties.RouterFunction, route.variants.filter((variant) => !known.has(variant.version)), ports);
  const replaced = await write(properties, () => route, ports);
  const kept = new Set(route.variants.map((variant) => variant.version));
  const left = replaced?.variants.filter((variant) => !kept.has(variant.version)) ?? [];
  for (const { role, version } of left) {
    if (role === 'production') {
      await ports.rollouts?.addServed(properties.Alias, { version, until: ports.now() });
    }
  }
  if (left.length > 0) {
    await ports.sleep(Number(properties.DrainSeconds) * 1_000);
  }
}

/** Wait until the router can call every version; a new permission takes seconds to be known everywhere. */
async function ready(routerFunction: string, variants: readonly Variant[], ports: GatePorts): Promise<void> {
  const deadline = ports.now() + GATE_READINESS_SECONDS * 1_000;
  const targets = variants.map((variant) => variant.target);
  for (;;) {
    const { problems } = targets.length === 0 ? { problems: [] } : await ports.probe(routerFunction, targets);
    if (problems.length === 0) {
      return;
    }
    if (ports.now() + PROBE_INTERVAL_MS > deadline) {
      throw new GateError(
        `the router could not call ${problems.length} of ${targets.length} versions within ${GATE_READINESS_SECONDS} s: ${problems.join('; ')}`,
      );
    }
    await ports.sleep(PROBE_INTERVAL_MS);
  }
}

/**
 * Keep the rollout's state, put the alias under it with no weight for the candidate yet, and start the controller, in this order:
 * whatever is missing when the function dies, a retry adds, and until then production has all requests.
 */
async function beginRollout(
  event: CloudFormationCustomResourceEvent, properties: GateProperties, situation: GateSituation, action: Extract<GateAction, { act: 'roll out' }>, ports: GatePorts,
): Promise<void> {
  const { rollouts } = ports;
  const { rolloutId: id, now } = situation;
  const plan = situation.plan!;
  if (rollouts === undefined) {
    throw new GateError('the stack has a rollout but no table of rollouts; the resource was not defined by this package');
  }
  const state: RolloutState = {
    schema: 1, id, alias: properties.Alias, plan,
    production: action.production, candidate: action.candidate, promoted: action.promoted,
    routerFunction: properties.RouterFunction,
    callback: callbackOf(event, properties, plan),
    startedAt: now, stage: -1, stageStartedAt: now, prepared: false, decisions: 0,
  };
  for (let attempt = 0; ; attempt++) {
    const stored = await rollouts.readState(properties.Alias);
    if (stored?.state.id === id || (await rollouts.writeState(stored, state))) {
      break;
    }
    if (attempt === WRITE_ATTEMPTS) {
      throw new GateError(`the rollout of ${properties.Alias} was changed by others ${WRITE_ATTEMPTS} times in a row`);
    }
  }
  const known = (await rollouts.readState(properties.Alias))?.state;
  if (known?.id === id && known.outcome === undefined) {
    await write(properties, (route) => (route?.rollout?.id === id ? undefined : routeAt(action.route, state, 0, now)), ports);
    await ports.start(id, { alias: properties.Alias, rolloutId: id, generation: 0, ticks: 0, verdict: 'start', waitSeconds: 0, drainSeconds: plan.drainSeconds });
  }
}

function callbackOf(event: CloudFormationCustomResourceEvent, properties: GateProperties, plan: RolloutPlan): Callback | undefined {
  switch (plan.answer) {
    case 'response':
      return {
        kind: 'response', url: event.ResponseURL, stackId: event.StackId, requestId: event.RequestId,
        logicalResourceId: event.LogicalResourceId, physicalResourceId: properties.Alias,
      };
    case 'wait-condition':
      return properties.WaitHandle === undefined ? undefined : { kind: 'wait-condition', url: properties.WaitHandle, uniqueId: event.RequestId };
    case 'detached':
      return undefined;
  }
}

async function remove(properties: GateProperties, plan: RolloutPlan | undefined, ports: GatePorts): Promise<void> {
  // The controller of a running rollout finds the alias gone, and ends.
  await ports.records.remove(properties.Table, properties.Alias);
  if (plan?.previewAlias !== undefined) {
    await ports.records.remove(properties.Table, plan.previewAlias);
  }
  await ports.rollouts?.removeState(properties.Alias);
}

/** Write what `change` makes of the stored route; resolves to the route that was replaced, or undefined if none was. */
async function write(
  properties: GateProperties, change: (stored: DeclaredRoute | undefined) => DeclaredRoute | undefined, ports: GatePorts,
): Promise<DeclaredRoute | undefined> {
  let replaced: DeclaredRoute | undefined;
  await rewriteRoute(ports.records, properties.Table, properties.Alias, (stored) => {
    const known = readable(stored?.json);
    const json = JSON.stringify(change(known));
    const changes = json !== undefined && json !== stored?.json;
    replaced = changes ? known : undefined;
    return changes ? json : undefined;
  }, ports.sleep);
  return replaced;
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
