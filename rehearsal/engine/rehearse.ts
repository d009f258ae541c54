import { isDeepStrictEqual } from 'node:util';
import { readBaseline } from '../../lambda/controller/baseline';
import { holdCapacity, raiseCapacity, releaseCapacity } from '../../lambda/controller/capacity';
import type { CellCountsReader } from '../../lambda/controller/cell-counts';
import { foresee } from '../../lambda/controller/foresee';
import { usualLoad } from '../../lambda/controller/load';
import { observe } from '../../lambda/controller/observe';
import { warmUp } from '../../lambda/controller/warm-up';
import type { GateResult } from '../../lambda/gate/gate';
import type { AskEvent, AskResult } from '../../lambda/shared/router-protocol';
import { factsOf, type Target } from '../../lib/core/backends/backends';
import { evidenceGuardrails, kindOf } from '../../lib/core/guardrails/kinds';
import { sourceKey } from '../../lib/core/guardrails/sources';
import { VariantName } from '../../lib/core/names';
import { KeptJudges } from '../../lib/core/rollout/judge-rollout';
import { controlOf } from '../../lib/core/rollout/control-arm';
import type { RolloutPlan } from '../../lib/core/rollout/plan';
import type { RolloutState } from '../../lib/core/rollout/state';
import type { DeclaredRoute } from '../../lib/core/routing/route';
import { ROUTE_REFRESH_MS } from '../../lib/core/timing';
import { withAlarmNames } from '../assembly/alarm-names';
import type { SimulatedMetric } from '../assembly/alarm-definition';
import type { FoundRollout } from '../assembly/found-rollout';
import { Environment, type Outside } from '../harness/environment';
import { counted, memoryStores, type Stores, type StoreUse } from '../harness/memory-stores';
import { isUnreadable, type Scenario } from '../../lib/core/rehearsal/scenario';
import { routeBefore } from './before';
import { Clock } from './clock';
import { metered } from './counter-use';
import { LatencyDistribution } from './latency-distribution';
import { detection, outcomeOf, sharesOf } from './outcome';
import type { Run } from './run';
import { SimulatedCloudWatch } from './simulated-cloudwatch';
import { simulatedReplay } from './simulated-replay';
import { Simulation } from './simulation';
import { StandingAlarms } from './standing-alarms';
import { Tracer } from './tracer';

const MINUTE_MS = 60_000;
const AFTERWARDS_MS = 10 * MINUTE_MS;
export interface RehearseOptions {
  readonly seed: number;
  /** Keep what a plot needs. */
  readonly trace?: boolean;
  readonly stores?: Stores;
}

/**
 * One rollout in virtual time: the real gate, the template's state machine, the real controller, abort and operate over tables,
 * metrics and a clock in memory. The same seed is the same rollout.
 */
export async function rehearse(rollout: FoundRollout, scenario: Scenario, options: RehearseOptions): Promise<Run> {
  return new Rehearsal(rollout, scenario, options).run();
}

class Rehearsal extends Environment {
  readonly routes: Stores['routes'];
  readonly rollouts: Stores['rollouts'];
  private readonly simulation: Simulation;
  private readonly clock: Clock;
  private readonly alarms: StandingAlarms;
  private readonly cloudWatch: SimulatedCloudWatch;
  private readonly tracer?: Tracer;
  private readonly readable: (text: string) => string;
  private readonly told: Outside;
  private readonly storeUse: StoreUse = { reads: 0, writes: 0 };
  private invocations = 0;

  constructor(private readonly rollout: FoundRollout, private readonly scenario: Scenario, options: RehearseOptions) {
    super(rollout.properties.Table);
    const simulation = (this.simulation = new Simulation(rollout, scenario, options.seed));
    const { startedAt, metrics } = simulation;
    this.clock = new Clock(simulation.from, simulation.origin, simulation.periodMs, (period, end) => this.close(period, end));
    this.readable = withAlarmNames(rollout.plan);
    this.tracer = options.trace === true ? new Tracer(startedAt, () => this.now, this.readable) : undefined;
    this.alarms = new StandingAlarms(rollout, metrics, startedAt, {
      wentOff: (name, reason) => this.wentOff(name, reason),
      changed: (name, state) => this.tracer?.alarm(name, state),
    });
    this.cloudWatch = new SimulatedCloudWatch({
      metrics,
      alias: rollout.alias,
      alarms: this.alarms.byName,
      versions: simulation.sides,
      now: () => this.now,
      foreign: foreignMetrics(rollout.plan),
      shadows: simulation.shadows,
      labelled: (of, periodMs, index) => simulation.labelled(of, periodMs, index, this.now),
      isOut: () => isUnreadable(scenario, (this.now - startedAt) / MINUTE_MS),
    });
    ({ routes: this.routes, rollouts: this.rollouts } = this.watched(counted(options.stores ?? memoryStores(), this.storeUse)));
    this.told = this.simulated();
    this.planEvents();
  }

  get now(): number {
    return this.clock.now;
  }

  async run(): Promise<Run> {
    const { rollout, scenario, simulation } = this;
    const { startedAt, shares } = simulation;
    await this.clock.advance(startedAt);
    await this.deploy('Create', 'before', { route: routeBefore(rollout, scenario) });
    const gated = await this.deploy('Update', 'change', { route: rollout.properties.Route, candidate: rollout.properties.Candidate });
    const death = scenario.controllerDiesAtMinute === undefined ? Infinity : startedAt + scenario.controllerDiesAtMinute * MINUTE_MS;
    const walks = await this.follow(rollout.machine, {
      before: async () => void this.invocations++,
      wait: (seconds) => this.clock.advance(Math.min(this.now + seconds * 1_000, Math.max(death, this.now))),
      stop: () => this.now >= death,
    });
    const lost = walks.some(({ status }) => status === 'STOPPED');
    if (lost) {
      await this.sleep(rollout.plan.leaseSeconds * 1_000 + 2 * MINUTE_MS);
    }
    // Routers follow the last route, so that its effect is in what is told.
    await this.sleep(ROUTE_REFRESH_MS + simulation.periodMs);
    const outcome = await outcomeOf(this, { alias: rollout.alias, startedAt, now: this.now, lost, gated });
    if (simulation.fleets !== undefined && outcome.verdict !== 'promoted') {
      // Whether production has room for all requests again shows in what comes of them.
      await this.sleep(AFTERWARDS_MS);
    }
    return {
      ...outcome,
      sentence: this.readable(outcome.sentence),
      gist: this.readable(outcome.gist),
      ...detection(outcome.verdict, shares, scenario, startedAt),
      ...simulation.toll,
      usage: {
        transitions: walks.reduce((sum, { path }) => sum + path.length, 0),
        invocations: this.invocations,
        metricsRead: this.cloudWatch.metricsRead,
        tableReads: this.storeUse.reads,
        tableWrites: this.storeUse.writes,
      },
      answered: this.answers.length > 0,
      shares: sharesOf(outcome.verdict, shares, startedAt),
      ...(this.tracer === undefined ? {} : { trace: this.tracer.trace }),
    };
  }

  protected sleep(ms: number): Promise<void> {
    return this.clock.advance(this.now + ms);
  }

  protected outside(): Outside {
    return this.told;
  }

  /** CloudFormation calls the gate. */
  private deploy(
    type: 'Create' | 'Update',
    request: string,
    { route, candidate }: { readonly route: string; readonly candidate?: string },
  ): Promise<GateResult> {
    const { Candidate: _, ...properties } = this.rollout.properties;
    this.invocations++;
    return this.request({
      RequestType: type,
      RequestId: request,
      ResourceProperties: { ...properties, Route: route, ...(candidate === undefined ? {} : { Candidate: candidate }) },
    });
  }

  private close(period: number, end: number): void {
    const { simulation: { startedAt, periodMs } } = this;
    const counts = this.simulation.close(period, end);
    if (end > startedAt) {
      this.tracer?.counted(end - periodMs, counts);
    }
    this.alarms.evaluate(this.now);
  }

  /** The alarm's event reaches the abort function after a moment. */
  private wentOff(name: string, reason: string): void {
    this.clock.plan(this.now + this.scenario.alarmEventSeconds * 1_000, () => {
      this.invocations++;
      return this.obey({ verb: 'abort', alias: this.rollout.alias, by: `alarm ${name}`, reason });
    });
  }

  /** What the scenario has in store. */
  private planEvents(): void {
    const { scenario, rollout, clock, simulation: { startedAt, random } } = this;
    const end = startedAt + rollout.plan.deadlineSeconds * 1_000;
    if (scenario.cancelAtMinute !== undefined) {
      clock.plan(startedAt + scenario.cancelAtMinute * MINUTE_MS, () => {
        this.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
        return this.deploy('Update', 'rollback', { route: routeBefore(rollout, scenario) });
      });
    }
    if (rollout.plan.stages.some(({ approval }) => approval)) {
      const everyMs = Math.max(MINUTE_MS, scenario.approveAfterMinutes * MINUTE_MS);
      for (let at = startedAt + everyMs; at < end; at += everyMs) {
        clock.plan(at, () => this.obey({ verb: 'approve', alias: rollout.alias, by: 'rehearsal' }));
      }
    }
    this.alarms.planFalse(scenario, clock, startedAt, end, random);
  }

  /** What the controller reads and asks, of simulated versions. */
  private simulated(): Outside {
    const { simulation, scenario, cloudWatch, tracer } = this;
    const { fleets } = simulation;
    const now = (): number => this.now;
    const judges = new KeptJudges();
    // A guardrail that is a function has nothing to say of what is made up.
    const lambda = { send: async () => ({ Payload: Buffer.from('{"status":"ok"}') }) } as never;
    const ssm = { send: async () => ({ State: 'OPEN' }) } as never;
    const segments = metered(simulation.segments(now), this.storeUse, {
      startedAt: simulation.startedAt,
      now,
      answerMs: new LatencyDistribution(scenario.production.latency).usualMean,
    });
    // Callers are counted without a rollout too.
    const callers = simulation.cells(now);
    const cells: CellCountsReader = {
      read: (counter, ...of) => (counter.by.source === 'assignment' ? callers : segments).read(counter, ...of),
    };
    return {
      observe: (state) => {
        simulation.know(state);
        return observe(state, { cloudWatch, lambda, ssm, cells, judges, now, warn: () => {} });
      },
      baseline: (state) => {
        simulation.know(state);
        return readBaseline({ cloudWatch, cells }, state, this.now);
      },
      usualLoad: async (state) => {
        simulation.know(state);
        return usualLoad(cloudWatch, state, this.now);
      },
      // What would be asked of its limits is nobody's.
      foresee: (state, usual) =>
        foresee({ ...state, plan: { ...state.plan, ignoresCapacity: true } }, usual, {
          cloudWatch,
          lambda,
          sageMaker: lambda,
          scaling: lambda,
          lately: async () => 0,
          now,
        }),
      replay: async (state, progress) => {
        simulation.know(state);
        const { seconds, ...chunk } = simulatedReplay(
          { id: state.id, plan: state.plan.replay! },
          progress,
          { production: simulation.replayed('production', this.now), candidate: simulation.replayed('candidate', this.now) },
          scenario,
          simulation.random,
        );
        await this.sleep(seconds * 1_000);
        return { ...chunk, at: this.now };
      },
      warmUp: (state, nextPercent) =>
        warmUp(state, nextPercent, { cloudWatch, router: { ask: (_, event) => this.warm(state, event) }, now }),
      startControl: async (state) => controlOf(state, controlTarget(state)),
      notify: async (_state, decision, previous) => tracer?.decided(decision, previous),
      ...(fleets === undefined ? {} : {
        checkGates: async (state, _points, nextPercent) => (nextPercent > 0
          ? (await Promise.all([holdCapacity(state, fleets), raiseCapacity(state, nextPercent, fleets)])).flat()
          : []),
        release: (state) => releaseCapacity(state, fleets),
      }),
    };
  }

  /** Requests that warm a version up. */
  private async warm(state: RolloutState, { target, times }: AskEvent): Promise<AskResult> {
    const side = isDeepStrictEqual(target, controlTarget(state)) ? 'control' : 'candidate';
    const startsMs = this.simulation.warm(side, this.now, times);
    return { outcome: { kind: 'answer', status: 200, body: '' }, failed: 0, milliseconds: 0, startsMs };
  }

  /** Routers learn of every written route. */
  private watched(stores: Stores): Stores {
    const { routes } = stores;
    return {
      ...stores,
      routes: {
        read: (table, key) => routes.read(table, key),
        remove: (table, key) => routes.remove(table, key),
        write: async (table, key, replaced, json) => {
          const written = await routes.write(table, key, replaced, json);
          if (written && key === this.rollout.alias) {
            this.simulation.learn(JSON.parse(json) as DeclaredRoute, this.now);
          }
          return written;
        },
      },
    };
  }
}

/** Where production's version is started anew. */
function controlTarget({ production: { target } }: RolloutState): Target {
  return factsOf(target).elsewhere(target, VariantName.CONTROL);
}

/** What stands for metrics of others that guardrails compare. */
function foreignMetrics(plan: RolloutPlan): ReadonlyMap<string, SimulatedMetric> {
  return new Map(
    evidenceGuardrails(plan).flatMap((guardrail) => kindOf(guardrail).standIns(guardrail)).map(({ source, side, metric }) => [
      sourceKey(source), { side, metric, statistic: 'Sum' },
    ]),
  );
}
