import { factsOf } from '../../lib/core/backends/backends';
import { BEYOND_AIM } from '../../lib/core/rollout/capacity';
import type { CapacityPlan } from '../../lib/core/rollout/plan';
import type { DeclaredRoute, Variant } from '../../lib/core/routing/route';
import type { Side } from '../assembly/alarm-definition';
import type { FoundRollout } from '../assembly/found-rollout';
import { Fleets } from '../harness/fleets';
import type { Scenario } from '../../lib/core/rehearsal/scenario';
import { routeBefore } from './before';
import { Instances } from './instances';
import type { Server } from './server';

const MINUTE_MS = 60_000;

/** Instances of both versions, whose numbers follow the load, and a rollout's orders. */
export class Autoscaled {
  /** Those of a rollout in a scenario that is about them. */
  static of(rollout: FoundRollout, scenario: Scenario, now: () => number): Autoscaled | undefined {
    const { plan: { capacity } } = rollout;
    return capacity === undefined || scenario.instances === undefined
      ? undefined
      : new Autoscaled(rollout, { ...scenario, instances: scenario.instances }, capacity, now);
  }

  /** What AWS says of them. */
  readonly fleets: Fleets;
  readonly servers: { readonly [side in Side]: Server };
  private readonly instances: { readonly [endpoint: string]: Instances };
  private minute?: number;

  private constructor(
    rollout: FoundRollout,
    scenario: Scenario & { readonly instances: NonNullable<Scenario['instances']> },
    { min, max }: CapacityPlan,
    now: () => number,
  ) {
    const { instances: { usual, startMinutes }, traffic: { requestsPerSecond } } = scenario;
    const [{ target }] = (JSON.parse(routeBefore(rollout, scenario)) as DeclaredRoute).variants;
    const before = factsOf(target).fleetOf(target) ?? '';
    const { Route: route, Candidate: candidate } = rollout.properties;
    const { target: moved } = candidate === undefined
      ? (JSON.parse(route) as DeclaredRoute).variants[0]
      : (JSON.parse(candidate) as Variant);
    const beside = factsOf(moved).fleetOf(moved) ?? '';
    const present = Math.min(max, usual);
    const requestsPerMinute = (60 * Math.max(requestsPerSecond, Number.MIN_VALUE)) / present;
    const fleets = (this.fleets = new Fleets({ now, requestsPerMinute, startMinutes }));
    fleets.add(before, min, max, Math.max(min, present));
    fleets.add(beside, min, max, min);
    const of = (endpoint: string): Instances =>
      new Instances(BEYOND_AIM * requestsPerMinute, () => fleets.endpoints.get(endpoint)!.present);
    const [production, moving] = [of(before), of(beside)];
    this.instances = { [before]: production, [beside]: moving };
    // A control is for functions only; were there one, it would be production's own instances.
    this.servers = { production, candidate: moving, control: production };
  }

  /** Time has passed: once a minute autoscaling looks at the requests of the minute. */
  passed(at: number): void {
    const minute = Math.floor(at / MINUTE_MS);
    if (minute === this.minute) {
      return;
    }
    for (const [endpoint, instances] of Object.entries(this.instances)) {
      const requests = instances.taken();
      if (this.minute !== undefined) {
        this.fleets.minute(endpoint, requests);
      }
    }
    this.minute = minute;
  }
}
