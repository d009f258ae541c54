import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { GATE_READINESS_SECONDS, type GateProperties } from '../../lib/core/gate';
import { parseDeclaredRoute } from '../../lib/core/routing/parse';
import type { DeclaredRoute, Target } from '../../lib/core/routing/route';
import type { ProbeResult } from '../router/probe';
import type { RouteRecords } from './route-records';

export interface GatePorts {
  readonly records: Pick<RouteRecords, 'read' | 'write' | 'remove'>;
  /** Ask a router whether it can call the targets. */
  readonly probe: (routerFunction: string, targets: readonly Target[]) => Promise<ProbeResult>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => number;
}

/** A deployment that must not go on; the message is what `cdk deploy` prints. */
export class GateError extends Error {
  override readonly name = 'GateError';
}

const PROBE_INTERVAL_MS = 2_000;
const WRITE_ATTEMPTS = 10;

/**
 * Make the alias do what the template says: wait until the router may call the new versions, write the route, and hold
 * CloudFormation until no router still uses a version that is about to be deleted.
 *
 * Every step may run again: the same declaration twice writes and waits once. A rollback is the same act with the old
 * declaration, whose versions CloudFormation has not deleted yet.
 */
export async function gate(event: CloudFormationCustomResourceEvent, ports: GatePorts): Promise<void> {
  const properties = readProperties(event.ResourceProperties);
  if (event.RequestType === 'Delete') {
    await ports.records.remove(properties.Table, properties.Alias);
    return;
  }
  const route = parseDeclaredRoute(properties.Route);
  const drainSeconds = Number(properties.DrainSeconds);
  await ready(properties.RouterFunction, route, ports);
  const left = await write(properties, route, ports);
  if (left.length > 0) {
    await ports.sleep(drainSeconds * 1_000);
  }
}

/** Wait until the router can call every version; a new permission takes seconds to be known everywhere. */
async function ready(routerFunction: string, route: DeclaredRoute, ports: GatePorts): Promise<void> {
  const deadline = ports.now() + GATE_READINESS_SECONDS * 1_000;
  const targets = route.variants.map((variant) => variant.target);
  for (;;) {
    const { problems } = await ports.probe(routerFunction, targets);
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

/** Write the route unless it stands already; returns the versions that left it. */
async function write(properties: GateProperties, route: DeclaredRoute, ports: GatePorts): Promise<string[]> {
  const json = JSON.stringify(route);
  for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
    const stored = await ports.records.read(properties.Table, properties.Alias);
    if (stored?.json === json) {
      return [];
    }
    if (await ports.records.write(properties.Table, properties.Alias, stored, json)) {
      const kept = new Set(route.variants.map((variant) => variant.version));
      return versionsIn(stored?.json).filter((version) => !kept.has(version));
    }
    await ports.sleep(50 * (attempt + 1));
  }
  throw new GateError(`the route of ${properties.Alias} was changed by others ${WRITE_ATTEMPTS} times in a row`);
}

/** Versions of a stored route. One that cannot be read was not served either, so nothing has to drain. */
function versionsIn(json: string | undefined): string[] {
  try {
    return json === undefined ? [] : parseDeclaredRoute(json).variants.map((variant) => variant.version);
  } catch {
    return [];
  }
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
