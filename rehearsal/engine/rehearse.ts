import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { abort } from '../../lambda/abort/abort';
import { readBaseline } from '../../lambda/controller/baseline';
import { observe } from '../../lambda/controller/observe';
import type { CellCountsReader } from '../../lambda/controller/cell-counts';
import type { ControllerPorts } from '../../lambda/controller/ports';
import { runTask } from '../../lambda/controller/tasks';
import { foresee } from '../../lambda/controller/foresee';
import { usualLoad } from '../../lambda/controller/load';
import { warmUp } from '../../lambda/controller/warm-up';
import { gate, type GatePorts, type GateResult } from '../../lambda/gate/gate';
import { operate } from '../../lambda/operate/operate';
import type { AskEvent, AskResult } from '../../lambda/shared/router-protocol';
import { LAMBDA_PAYLOAD_BYTES } from '../../lib/core/aws-limits';
import { evidenceGuardrails, kindOf } from '../../lib/core/guardrails/kinds';
import { FeedbackMetric, ShadowMetric } from '../../lib/core/names';
import { quantileGuardrails } from '../../lib/core/rollout/baseline';
import { keptMeasures } from '../../lib/core/rollout/callers';
import { isJudged } from '../../lib/core/rollout/decide';
import { SILENCE_SECONDS } from '../../lib/core/rollout/evidence';
import { controlOf } from '../../lib/core/rollout/control-arm';
import type { RolloutPlan } from '../../lib/core/rollout/plan';
import { gist } from '../../lib/core/rollout/reasons';
import { sourceKey } from '../../lib/core/guardrails/sources';
import type { Outcome, RolloutState } from '../../lib/core/rollout/state';
import type { DeclaredRoute, Variant } from '../../lib/core/routing/route';
import { defaultTimeBudgetMs } from '../../lib/core/routing/time-budget';
import type { FoundRollout } from '../assembly/found-rollout';
import { sticks } from '../scenario/concerns';
import { type Behaviour, isUnreadable, isWorse, type Scenario } from '../scenario/scenario';
import type { Side, SimulatedMetric } from '../assembly/alarm-definition';
import { Callers, type Split } from './callers';
import { LatencyDistribution } from './latency-distribution';
import { Disturbances } from './disturbances';
import { MemoryCloudWatch } from './memory-cloudwatch';
import { counted, memoryStores, type Stores, type StoreUse } from './memory-stores';
import { randomOf } from './random';
import type { Run, Trace, Verdict } from './run';
import { Shares } from './shares';
import { SimulatedAlarm } from './simulated-alarm';
import { SimulatedCallers } from './simulated-callers';
import { SimulatedCells } from './simulated-cells';
import { SimulatedMetrics } from './simulated-metrics';
import { SimulatedLabels } from './simulated-labels';
import { type ReplayedVersion, simulatedReplay } from './simulated-replay';
import { outputsOf, SimulatedShadows, type Unlikeness } from './simulated-shadows';
import { addCounts, answersOf, arrivalsOf, noCounts, type PeriodCounts, splitControl, startOf, TrafficSource } from './traffic';
import { type TimeLimits, VersionLatencies } from './version-latencies';
import { RequestWorld } from './request-world';
import { walk } from './walk';
import { ROUTE_REFRESH_MS } from '../../lib/core/timing';
import type { TaskEvent } from '../../lib/core/rollout/execution';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Production had requests before; the controller asks for the last of them. */
const BEFORE_MS = SILENCE_SECONDS * 1_000 + 10 * MINUTE_MS;
/** Evidence is measured by production's last day. */
const HISTORY_MS = 24 * HOUR_MS + 10 * MINUTE_MS;
/** A false alarm stands for so long. */
const FALSE_ALARM_MS = MINUTE_MS;
/** Where a rehearsed control is. */
const CONTROL = 'control';
/** The version that was in production before. */
const BEFORE = '0'.repeat(64);

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

class Rehearsal {
  private now: number;
  private readonly startedAt: number;
  private readonly periodMs: number;
  private readonly origin: number;
  private readonly stores: Stores;
  private readonly random;
  private readonly shares = new Shares(ROUTE_REFRESH_MS);
  private readonly metrics: SimulatedMetrics;
  private readonly history: TrafficSource;
  private readonly shadows: SimulatedShadows;
  private readonly traffic: TrafficSource;
  private readonly latencies: VersionLatencies;
  /** Where requests are served one by one. */
  private readonly world?: RequestWorld;
  private readonly labels: SimulatedLabels;
  private readonly alarms: ReadonlyMap<string, StandingAlarm>;
  private readonly executions: { name: string; input: object }[] = [];
  private readonly events: { at: number; act: () => Promise<unknown> | void }[] = [];
  private readonly ports: ControllerPorts;
  private period = 0;
  private candidateVersion?: string;
  /** A control has the candidate's share. */
  private controlled = false;
  private readonly callers?: Callers;
  private versions = { production: BEFORE, candidate: '', byCells: false };
  /** From when on callers of versions were assigned so. */
  private readonly splits: { readonly from: number; readonly split: Split }[] = [];
  /** Share of the inferences that are recorded for feedback. */
  private recorded = 0;
  private stackStatus = 'UPDATE_IN_PROGRESS';
  private answer?: Outcome;
  private candidateRequests = 0;
  private candidateFailures = 0;
  private excessFailures = 0;
  private excessWrong = 0;
  private readonly storeUse: StoreUse = { reads: 0, writes: 0 };
  private cloudWatch?: MemoryCloudWatch;
  private transitions = 0;
  private invocations = 0;
  private readonly minutes: PeriodCounts[] = [];
  private readonly alarmTrace: { second: number; alarm: string; state: string }[] = [];
  private readonly decisionTrace: { second: number; verdict: string; sentence: string }[] = [];

  constructor(
    private readonly rollout: FoundRollout,
    private readonly scenario: Scenario,
    private readonly options: RehearseOptions,
  ) {
    const { plan } = rollout;
    this.random = randomOf(options.seed);
    this.startedAt = startOf(scenario, this.random);
    this.now = this.startedAt - (isJudged(plan) ? HISTORY_MS : BEFORE_MS) - scenario.metricDelaySeconds * 1_000;
    this.periodMs = periodMsOf(rollout);
    this.origin = Math.floor(this.now / HOUR_MS) * HOUR_MS;
    this.period = Math.floor((this.now - this.origin) / this.periodMs);
    const disturbances = new Disturbances(scenario, options.seed, this.startedAt);
    this.callers = callersOf(rollout, scenario, options.seed);
    const circumstances = { disturbances, ...(this.callers === undefined ? {} : { callersAt: (at: number) => this.callersAt(at) }) };
    const latencies = (this.latencies = new VersionLatencies(scenario, this.startedAt, timeLimitsOf(rollout), circumstances));
    this.metrics = new SimulatedMetrics({
      origin: this.origin,
      periodMs: this.periodMs,
      delayMs: scenario.metricDelaySeconds * 1_000,
      latency: latencies.at,
      observed: (...period) => this.world?.observed(...period),
      random: this.random,
    });
    this.shadows = new SimulatedShadows({ origin: this.origin, periodMs: this.periodMs, random: this.random, outputs: outputsOf(plan) });
    this.labels = new SimulatedLabels(scenario.labels, { origin: this.origin, periodMs: this.periodMs, random: this.random });
    this.history = new TrafficSource(scenario, this.startedAt, this.random, this.random, { ...circumstances, latencies });
    this.traffic = new TrafficSource(scenario, this.startedAt, arrivalsOf(options.seed), this.random, { ...circumstances, latencies });
    const { environments } = scenario;
    this.world =
      environments &&
      new RequestWorld({ ...scenario, environments }, this.startedAt, this.periodMs, {
        traffic: this.traffic,
        latencies,
        limits: timeLimitsOf(rollout),
        arrivals: arrivalsOf(options.seed),
        routing: this.random,
      });
    this.alarms = this.standingAlarms();
    this.stores = this.watched(counted(options.stores ?? memoryStores(), this.storeUse));
    this.ports = this.controllerPorts();
    this.planEvents();
  }

  async run(): Promise<Run> {
    const { rollout, scenario } = this;
    await this.advance(this.startedAt);
    await this.deploy('Create', 'before', { route: before(rollout, scenario), candidate: undefined });
    const result = await this.deploy('Update', 'change', { route: rollout.properties.Route, candidate: rollout.properties.Candidate });
    const death = scenario.controllerDiesAtMinute === undefined ? Infinity : this.startedAt + scenario.controllerDiesAtMinute * MINUTE_MS;
    let lost = false;
    for (let index = 0; index < this.executions.length && !lost; index++) {
      const { status, path } = await walk(
        rollout.machine,
        { ...this.executions[index].input },
        {
          invoke: async (payload) => {
            this.invocations++;
            return { ...(await runTask(payload as unknown as TaskEvent, this.ports)) };
          },
          wait: (seconds) => this.advance(Math.min(this.now + seconds * 1_000, Math.max(death, this.now))),
          stop: () => this.now >= death,
        },
      );
      this.transitions += path.length;
      lost = status === 'STOPPED';
    }
    if (lost) {
      await this.advance(this.now + rollout.plan.leaseSeconds * 1_000 + 2 * MINUTE_MS);
    }
    await this.settle();
    return this.result(lost, result);
  }

  /** CloudFormation calls the gate. */
  private deploy(
    type: 'Create' | 'Update',
    request: string,
    { route, candidate }: { readonly route: string; readonly candidate?: string },
  ): Promise<GateResult> {
    const { Candidate: _, ...properties } = this.rollout.properties;
    this.invocations++;
    return gate(
      {
        RequestType: type,
        RequestId: request,
        StackId: 'stack',
        LogicalResourceId: 'Route',
        ResponseURL: 'https://cloudformation.invalid/answer',
        OldResourceProperties: {},
        ResourceProperties: { ...properties, Route: route, ...(candidate === undefined ? {} : { Candidate: candidate }) },
      } as unknown as CloudFormationCustomResourceEvent,
      this.gatePorts(),
    );
  }

  /** Let time pass: traffic, alarms, and whatever else is due. */
  private async advance(until: number): Promise<void> {
    for (;;) {
      const boundary = this.origin + (this.period + 1) * this.periodMs;
      const event = this.events[0];
      const next = event === undefined ? boundary : Math.min(boundary, event.at);
      if (next > until) {
        break;
      }
      this.now = next;
      if (event !== undefined && event.at === next) {
        this.events.shift();
        await event.act();
      } else {
        this.closePeriod(boundary);
      }
    }
    this.now = Math.max(this.now, until);
  }

  private closePeriod(end: number): void {
    const { periodMs, metrics, traffic } = this;
    const from = end - periodMs;
    const share = this.shares.over(from, end);
    this.assignCallers(from, share);
    const controlShare = this.controlled ? share : 0;
    const drawn = end > this.startedAt ? traffic : this.history;
    const one = this.world !== undefined && from >= this.world.begins ? this.world : undefined;
    const counts = one?.draw(from, periodMs, share, controlShare) ?? drawn.draw(from, periodMs, share);
    if (one === undefined && controlShare > 0) {
      splitControl(counts, controlShare / (1 - share), this.random);
    }
    const { production, candidate, control } = answersOf(counts);
    metrics.add(this.period, 'production', production);
    if (control.requests > 0) {
      metrics.add(this.period, 'control', control);
    }
    // What production is asked in the candidate's place is counted apart, and handed over like all that it answers.
    const answered = production.requests - production.failures - production.refusals + counts.candidateFailures - counts.failedByBoth;
    this.shadows.add(this.period, from, answered, this.candidateVersion, this.unlikeness(end));
    if (counts.candidateRequests > 0) {
      metrics.add(this.period, 'candidate', candidate);
      this.candidateRequests += counts.candidateRequests;
      this.candidateFailures += counts.candidateFailures;
      this.excessWrong +=
        (counts.candidateRequests - counts.candidateFailures) *
        Math.max(0, this.scenario.production.accuracy - this.behaviour('candidate', end).accuracy);
      this.excessFailures += counts.candidateFailures - counts.candidateRequests * traffic.usualRateAt(from);
    }
    this.period++;
    if (this.options.trace === true && end > this.startedAt) {
      this.traceMinute(from, counts);
    }
    for (const [name, alarm] of this.alarms) {
      const before = alarm.state;
      if (alarm.simulated?.evaluate(this.now) === true) {
        this.wentOff(name, alarm);
      }
      this.traceAlarm(name, before, alarm.state);
    }
  }

  private isBlind(): boolean {
    return isUnreadable(this.scenario, (this.now - this.startedAt) / MINUTE_MS);
  }

  /** Requests that warm a version up. */
  private async warm({ target, times }: AskEvent): Promise<AskResult> {
    const startsMs =
      this.world?.warm(target.kind === 'lambda' && target.functionArn.endsWith(CONTROL) ? 'control' : 'candidate', this.now, times) ?? [];
    return { outcome: { kind: 'answer', status: 200, body: '' }, failed: 0, milliseconds: 0, startsMs };
  }

  /** Callers stick to versions by the share that there is. */
  private assignCallers(from: number, share: number): void {
    const split = this.callers?.at(share, this.versions);
    if (split !== undefined && this.splits.at(-1)?.split !== split) {
      this.splits.push({ from, split });
    }
  }

  private callersAt(at: number): Split | undefined {
    return this.splits.findLast(({ from }) => from < at)?.split;
  }

  /** A version as it is in a period that ends then. */
  private behaviour(side: Side, end: number): Behaviour {
    const { production, candidate } = this.scenario;
    return side === 'candidate' && end > this.startedAt + candidate.onsetMinute * MINUTE_MS ? candidate : production;
  }

  /** A version as it answers recorded requests from now on. */
  private replayed(side: Side): ReplayedVersion {
    const end = this.now + 1;
    return { behaviour: this.behaviour(side, end), latencies: this.latencies.base(side, end) };
  }

  /** The candidate as a shadow: what production fails it fails too, and of what production answers it fails what makes it worse. */
  private unlikeness(end: number): Unlikeness {
    const { production } = this.scenario;
    const { errorRate, agreement } = this.behaviour('candidate', end);
    return { errors: Math.max(0, errorRate - production.errorRate), differences: 1 - agreement, noise: 1 - production.agreement };
  }

  /**
   * What labels that have come say of a version's answers, or of a shadow's beside production's; whether they are right does not hang
   * together.
   */
  private labelled(side: Side, shadow: string | undefined, metric: string, periodMs: number, index: number): number | undefined {
    const { metrics, shadows, periodMs: shortest, origin, scenario } = this;
    const accuracy = (version: Side, period: number): number => this.behaviour(version, origin + (period + 1) * shortest).accuracy;
    const told = this.labels.at(
      shadow ?? side,
      {
        recorded: this.recorded,
        factor: shadow === undefined && side === 'candidate' ? scenario.labels.candidateFactor : 1,
        of: (period) => {
          if (shadow === undefined) {
            return { inferences: metrics.answersIn(side, period), chances: [1 - accuracy(side, period)] };
          }
          const [candidate, production] = [accuracy('candidate', period), accuracy('production', period)];
          return { inferences: shadows.answersIn(shadow, period), chances: [(1 - candidate) * production, candidate * (1 - production)] };
        },
      },
      periodMs,
      index,
      this.now - scenario.metricDelaySeconds * 1_000,
    );
    switch (metric) {
      case FeedbackMetric.OUTCOMES:
      case ShadowMetric.LABELLED_PAIRS:
        return told?.known;
      case ShadowMetric.ONLY_PRODUCTION_WRONG:
        return told?.parts[1];
      default:
        return told?.parts[0];
    }
  }

  /** The alarm's event reaches the abort function after a moment. */
  private wentOff(name: string, { abort: aborts, reason }: StandingAlarm): void {
    if (aborts) {
      this.at(this.now + this.scenario.alarmEventSeconds * 1_000, () => {
        this.invocations++;
        return abort(
          { verb: 'abort', alias: this.rollout.alias, by: `alarm ${name}`, reason },
          { table: this.rollout.properties.Table, routes: this.stores.routes, now: () => this.now },
        );
      });
    }
  }

  private at(at: number, act: () => Promise<unknown> | void): void {
    const index = this.events.findIndex((event) => event.at > at);
    this.events.splice(index < 0 ? this.events.length : index, 0, { at, act });
  }

  /** What the scenario has in store. */
  private planEvents(): void {
    const { scenario, rollout, random } = this;
    const end = this.startedAt + rollout.plan.deadlineSeconds * 1_000;
    if (scenario.cancelAtMinute !== undefined) {
      this.at(this.startedAt + scenario.cancelAtMinute * MINUTE_MS, () => {
        this.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
        return this.deploy('Update', 'rollback', { route: before(rollout, scenario) });
      });
    }
    if (rollout.plan.stages.some(({ approval }) => approval)) {
      const everyMs = Math.max(MINUTE_MS, scenario.approveAfterMinutes * MINUTE_MS);
      for (let at = this.startedAt + everyMs; at < end; at += everyMs) {
        this.at(at, () =>
          operate({ verb: 'approve', alias: rollout.alias, by: 'rehearsal' }, { rollouts: this.stores.rollouts, now: () => this.now }),
        );
      }
    }
    const candidates = [...this.alarms].filter(([, alarm]) => alarm.abort);
    if (scenario.falseAlarmAtMinute !== undefined && candidates.length > 0) {
      const [name, alarm] = candidates.at(-1)!;
      this.at(this.startedAt + scenario.falseAlarmAtMinute * MINUTE_MS, () => this.flap(name, alarm));
    }
    if (scenario.falseAlarmsPerHour > 0 && candidates.length > 0) {
      for (let at = this.startedAt; at < end;) {
        at += (-Math.log(1 - random.uniform()) / scenario.falseAlarmsPerHour) * HOUR_MS;
        const [name, alarm] = candidates[Math.floor(random.uniform() * candidates.length)];
        this.at(at, () => this.flap(name, alarm));
      }
    }
  }

  private flap(name: string, alarm: StandingAlarm): void {
    const before = alarm.state;
    alarm.force('ALARM', 'a false alarm of the scenario');
    this.traceAlarm(name, before, alarm.state);
    this.wentOff(name, alarm);
    this.at(this.now + FALSE_ALARM_MS, () => {
      alarm.force(undefined, '');
      this.traceAlarm(name, 'ALARM', alarm.state);
    });
  }

  private standingAlarms(): ReadonlyMap<string, StandingAlarm> {
    const { plan, alarms } = this.rollout;
    const guardrails = plan.guardrails.flatMap((guardrail) => (guardrail.kind === 'alarm' ? [guardrail] : []));
    return new Map(
      [...new Set(guardrails.map(({ alarmName }) => alarmName))].map((name) => {
        const definition = alarms.find((alarm) => alarm.name === name);
        return [
          name,
          new StandingAlarm(
            guardrails.some(({ alarmName, action }) => alarmName === name && action === 'rollback'),
            definition && new SimulatedAlarm(definition, this.metrics, this.startedAt),
          ),
        ];
      }),
    );
  }

  /** What a caller has of slow requests, by the thresholds that the last rollout has left. */
  private slowOfCaller(): (factor: number) => readonly number[] {
    const {
      production: { latency },
      callers,
    } = this.scenario;
    const usual = new LatencyDistribution(latency).within(callers?.latencySpread ?? 0);
    const thresholds = measuresBefore(this.rollout, this.scenario).measures?.slowerThanMs ?? [];
    return (factor) => thresholds.map((ms) => usual.times(factor).slowerThan(ms));
  }

  private controllerPorts(): ControllerPorts {
    const versions: { [version: string]: Side } = {};
    const cloudWatch = (this.cloudWatch = new MemoryCloudWatch({
      metrics: this.metrics,
      alias: this.rollout.alias,
      alarms: this.alarms,
      versions,
      now: () => this.now,
      foreign: foreignMetrics(this.rollout.plan),
      shadows: this.shadows,
      labelled: (...of) => this.labelled(...of),
      isOut: () => this.isBlind(),
    }));
    // A guardrail that is a function has nothing to say of what is made up.
    const lambda = { send: async () => ({ Payload: Buffer.from('{"status":"ok"}') }) } as never;
    const know = (state: RolloutState): void => {
      this.candidateVersion = state.candidate.version;
      versions[state.candidate.version] = 'candidate';
      versions[state.production.version] = 'production';
      if (state.control !== undefined) {
        versions[state.control.version] = 'control';
      }
    };
    const ssm = { send: async () => ({ State: 'OPEN' }) } as never;
    const segments = new SimulatedCells({
      metrics: this.metrics,
      traffic: this.traffic,
      versions,
      now: () => this.now,
      seed: this.options.seed,
    });
    const callers = new SimulatedCallers({
      metrics: this.metrics,
      production: () => this.versions.production,
      callers: this.callers,
      errorRate: this.scenario.production.errorRate,
      slow: this.slowOfCaller(),
      scope: this.rollout.alias,
      now: () => this.now,
      seed: this.options.seed,
    });
    const cells: CellCountsReader = {
      read: (counter, ...of) => (counter.by.source === 'assignment' ? callers : segments).read(counter, ...of),
    };
    return {
      table: this.rollout.properties.Table,
      routes: this.stores.routes,
      rollouts: this.stores.rollouts,
      observe: (state) => {
        know(state);
        return observe(state, { cloudWatch, lambda, ssm, cells, now: () => this.now, warn: () => {} });
      },
      baseline: (state) => {
        know(state);
        return readBaseline({ cloudWatch, cells }, state, this.now);
      },
      usualLoad: async (state) => {
        know(state);
        return usualLoad(cloudWatch, state, this.now);
      },
      // What would be asked of its limits is nobody's.
      foresee: (state, usual) =>
        foresee({ ...state, plan: { ...state.plan, ignoresCapacity: true } }, usual, {
          cloudWatch,
          lambda,
          sageMaker: lambda,
          scaling: lambda,
          now: () => this.now,
        }),
      prepare: async () => ({ ready: true, failed: false }),
      replay: async (state, progress) => {
        know(state);
        const { seconds, ...chunk } = simulatedReplay(
          { id: state.id, plan: state.plan.replay! },
          progress,
          { production: this.replayed('production'), candidate: this.replayed('candidate') },
          this.scenario,
          this.random,
        );
        await this.advance(this.now + seconds * 1_000);
        return { ...chunk, at: this.now };
      },
      ask: async () => [],
      warmUp: (state, nextPercent) =>
        warmUp(state, nextPercent, { cloudWatch, router: { ask: (_, event) => this.warm(event) }, now: () => this.now }),
      // Whatever production is in the template's own deployment, here it is a function that can be started anew.
      startControl: async (state) =>
        controlOf(state, { kind: 'lambda', functionArn: CONTROL, contract: 'json', maxRequestBytes: LAMBDA_PAYLOAD_BYTES }),
      release: async () => {},
      isUpdating: async () => false,
      tell: async (_state, decision, previous) => {
        if (this.options.trace === true && (decision.verdict !== 'hold' || previous?.verdict !== 'hold')) {
          this.decisionTrace.push({ second: this.second(), verdict: decision.verdict, sentence: decision.sentence });
        }
      },
      answer: async (_, outcome) => {
        this.answer = outcome;
      },
      start: async (name, input) => {
        if (!this.executions.some((execution) => execution.name === name)) {
          this.executions.push({ name, input });
        }
      },
      now: () => this.now,
      info: () => {},
      warn: () => {},
    };
  }

  private gatePorts(): GatePorts {
    return {
      records: this.stores.routes,
      rollouts: this.stores.rollouts,
      probe: async () => ({ problems: [] }),
      start: this.ports.start,
      stackStatus: async () => this.stackStatus,
      warn: () => {},
      sleep: (ms) => this.advance(this.now + ms),
      now: () => this.now,
    };
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
            const { variants, lease, measures, mirrors = [], feedback, rollout } = JSON.parse(json) as DeclaredRoute;
            this.recorded = feedback?.sampleRate ?? 0;
            this.shadows.mirrors = mirrors;
            this.metrics.measures = measures ?? this.metrics.measures;
            const candidate = variants.find(({ role }) => role === 'candidate');
            this.controlled = variants.some(({ role }) => role === 'control');
            const total = variants.reduce((sum, { weight }) => sum + weight, 0);
            this.versions = {
              production: variants[0].version,
              candidate: candidate?.version ?? this.versions.candidate,
              byCells: rollout?.byCells === true,
            };
            this.shares.written(this.now, total === 0 ? 0 : (candidate?.weight ?? 0) / total, lease?.until ?? Infinity);
          }
          return written;
        },
      },
    };
  }

  /** Routers follow the last route, so that its effect is in what is told. */
  private settle(): Promise<void> {
    return this.advance(this.now + ROUTE_REFRESH_MS + this.periodMs);
  }

  private async result(lost: boolean, gated: GateResult): Promise<Run> {
    const state = (await this.stores.rollouts.readState(this.rollout.alias))?.state;
    const outcome = state?.outcome;
    const end = outcome?.at ?? this.now;
    const rejected =
      state !== undefined && (await this.stores.rollouts.rejection(this.rollout.alias, state.candidate.version)) !== undefined;
    const ended: { readonly [result: string]: Verdict } = { 'promoted': 'promoted', 'rolled back': rejected ? 'rolled back' : 'gave up' };
    const verdict: Verdict = lost ? 'lease ran out' : (ended[outcome?.result ?? ''] ?? 'superseded');
    const sentence = outcome?.sentence ?? sentenceWithout(verdict, state, gated);
    const said = { sentence, gist: gist(outcome?.reasons) ?? sentence };
    return {
      verdict,
      ...said,
      seconds: (end - this.startedAt) / 1_000,
      ...this.detection(verdict),
      candidateRequests: this.candidateRequests,
      candidateFailures: this.candidateFailures,
      excessFailures: this.excessFailures,
      excessWrong: this.excessWrong,
      usage: {
        transitions: this.transitions,
        invocations: this.invocations,
        metricsRead: this.cloudWatch!.metricsRead,
        tableReads: this.storeUse.reads,
        tableWrites: this.storeUse.writes,
      },
      answered: this.answer !== undefined,
      // A candidate that was promoted is none any more, and has everything.
      shares: this.shares.changes.map(
        ([at, percent], index, { length }) =>
          [(at - this.startedAt) / 1_000, verdict === 'promoted' && percent === 0 && index === length - 1 ? 100 : percent] as const,
      ),
      ...(this.options.trace === true ? { trace: this.trace() } : {}),
    };
  }

  /** From when the candidate was worse and served until it served no more. */
  private detection(verdict: Verdict): Pick<Run, 'detectionSeconds'> {
    const { scenario, shares, startedAt } = this;
    const first = shares.changes.find(([, percent]) => percent > 0)?.[0];
    const last = shares.changes.at(-1);
    if (verdict !== 'rolled back' || !isWorse(scenario) || first === undefined || last === undefined || last[1] !== 0) {
      return {};
    }
    const since = Math.max(first, startedAt + scenario.candidate.onsetMinute * MINUTE_MS);
    return last[0] < since ? {} : { detectionSeconds: (last[0] - since) / 1_000 };
  }

  private traceMinute(from: number, counts: PeriodCounts): void {
    addCounts((this.minutes[Math.max(0, Math.floor((from - this.startedAt) / MINUTE_MS))] ??= noCounts()), counts);
  }

  private traceAlarm(alarm: string, before: string, state: string): void {
    if (this.options.trace === true && before !== state) {
      this.alarmTrace.push({ second: this.second(), alarm, state });
    }
  }

  private trace(): Trace {
    return { minutes: this.minutes, alarms: this.alarmTrace, decisions: this.decisionTrace };
  }

  private second(): number {
    return (this.now - this.startedAt) / 1_000;
  }
}

/** Periods that a rehearsal counts requests by, milliseconds: as fine as the finest that anything looks at. */
export function periodMsOf({ plan, alarms }: FoundRollout): number {
  return 1_000 * Math.min(60, plan.metrics.periodSeconds, ...alarms.map(({ periodSeconds }) => periodSeconds));
}

/** An alarm of the plan: over simulated metrics, or OK for good, unless the scenario says that it goes off. */
class StandingAlarm {
  private forced?: 'ALARM';
  private why = '';

  constructor(/** It stops the rollout. */ readonly abort: boolean, readonly simulated?: SimulatedAlarm) {}

  get state(): SimulatedAlarm['state'] {
    return this.forced ?? this.simulated?.state ?? 'OK';
  }

  get watched(): readonly SimulatedMetric[] {
    return this.simulated?.watched ?? [];
  }

  get reason(): string {
    return this.forced === undefined ? this.simulated?.reason ?? '' : this.why;
  }

  force(state: 'ALARM' | undefined, reason: string): void {
    this.forced = state;
    this.why = reason;
  }
}

/** What stands for metrics of others that guardrails compare. */
function foreignMetrics(plan: RolloutPlan): ReadonlyMap<string, SimulatedMetric> {
  return new Map(
    evidenceGuardrails(plan).flatMap((guardrail) => kindOf(guardrail).standIns(guardrail)).map(({ source, side, metric }) => [
      sourceKey(source), { side, metric, statistic: 'Sum' },
    ]),
  );
}

/** What an earlier rollout of the alias has left for routers to count, where callers stick: thresholds at production's quantiles. */
function measuresBefore({ plan, properties }: FoundRollout, { production: { latency } }: Scenario): Pick<DeclaredRoute, 'measures'> {
  const usual = new LatencyDistribution(latency);
  const slowerThanMs = quantileGuardrails(plan).flatMap(({ quantiles }) => quantiles.map((part) => usual.quantile(part)));
  return keptMeasures({ ...JSON.parse(properties.Route) as DeclaredRoute, measures: { slowerThanMs, bins: [] } }, 0);
}

/** Callers who stick to a version, where the route keeps them with one. */
function callersOf({ alias, properties }: FoundRollout, { callers }: Scenario, seed: number): Callers | undefined {
  return callers !== undefined && sticks(JSON.parse(properties.Route) as DeclaredRoute) ? new Callers(callers, alias, seed) : undefined;
}

function timeLimitsOf({ plan, timeoutMs = Infinity }: FoundRollout): TimeLimits {
  return { timeoutMs, candidateMs: Math.min(timeoutMs, plan.candidateTimeBudgetMs ?? defaultTimeBudgetMs(timeoutMs)) };
}

/** The route as it was before the change of model. */
function before(rollout: FoundRollout, scenario: Scenario): string {
  const { properties } = rollout;
  const route = { ...JSON.parse(properties.Route) as DeclaredRoute, ...measuresBefore(rollout, scenario) };
  if (properties.Candidate !== undefined) {
    return JSON.stringify(route);
  }
  const variants = route.variants.map((variant): Variant => (variant === route.variants[0] ? { ...variant, version: BEFORE } : variant));
  return JSON.stringify({ ...route, variants });
}

function sentenceWithout(verdict: Verdict, state: RolloutState | undefined, gated: GateResult): string {
  if (verdict === 'lease ran out') {
    return 'the controller was gone, and the candidate\'s lease ran out: production has all requests';
  }
  return state === undefined
    ? `there was no rollout: the gate answered ${gated.answer}`
    : 'the deployment was cancelled: CloudFormation restored the earlier template';
}
