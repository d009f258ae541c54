import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { abort } from '../../../lambda/abort/abort';
import type { ControllerPorts } from '../../../lambda/controller/ports';
import { runTask, type TaskEvent, type TaskResult } from '../../../lambda/controller/tasks';
import { gate, type GatePorts, type GateResult } from '../../../lambda/gate/gate';
import type { RenamePorts } from '../../../lambda/gate/rename';
import { operate } from '../../../lambda/operate/operate';
import { RolloutStore } from '../../../lambda/shared/records/rollout-store';
import { RouteRecords } from '../../../lambda/shared/routes/route-records';
import type { Baseline } from '../../../lib/core/rollout/baseline';
import type { ForeseenProblem } from '../../../lib/core/rollout/capacity';
import type { Evidence, GateReading, Readiness } from '../../../lib/core/rollout/evidence';
import type { OrderEvent, OrderResult } from '../../../lib/core/rollout/orders';
import type { RolloutPlan } from '../../../lib/core/rollout/plan';
import type { Callback, Outcome, RolloutState, StoredDecision } from '../../../lib/core/rollout/state';
import type { ControllerTask } from '../../../lib/core/timing';
import { effectiveVariants } from '../../../lib/core/routing/effective';
import { parseRoute } from '../../../lib/core/routing/parse';
import type { Route, Target } from '../../../lib/core/routing/route';
import { route, variant } from '../fixtures';
import { MemoryDynamoDb } from '../memory-dynamodb';

export const ALIAS = 'fraud/live';
const ROUTES = 'routes';
const ROLLOUTS = 'rollouts';

export const plan = (overrides: Partial<RolloutPlan> = {}): RolloutPlan => ({
  schema: 1,
  kind: 'canary',
  answer: 'response',
  stages: [
    { percent: 5, bakeSeconds: 300, approval: false },
    { percent: 50, bakeSeconds: 300, approval: false },
    { percent: 95, bakeSeconds: 600, approval: false },
  ],
  deadlineSeconds: 3_000,
  intervalSeconds: 60,
  leaseSeconds: 180,
  metrics: { periodSeconds: 60, delaySeconds: 60 },
  minimumRequests: 50,
  tooFewRequests: 'hold',
  guardrails: [{ name: 'errors', action: 'rollback', kind: 'alarm', alarmName: 'errors', insufficientData: 'hold' }],
  readinessSeconds: 600,
  smokeTests: [],
  warmUpRequests: 0,
  hooks: [],
  windows: [],
  calendars: [],
  drainSeconds: 34,
  rollbackWindowSeconds: 0,
  ...overrides,
});

export const healthy: Evidence = {
  until: 0,
  candidate: { requests: 1_000, failures: 0 },
  production: { requests: 1_000, failures: 0 },
  recentRequests: 2_000,
  guardrails: [{ name: 'errors', action: 'rollback', status: 'ok', detail: 'alarm errors is OK' }],
  calendar: 'open',
};

/**
 * Gate, controller, abort and operate as they are, over tables in memory and a clock that only waiting moves. What the outside says
 * is set by the test: `evidence`, `ready`, `gates`, `stackStatus`.
 */
export class World {
  now = 1_700_000_000_000;
  evidence: (state: RolloutState) => Evidence | Promise<Evidence> = () => healthy;
  baseline: (state: RolloutState) => Promise<Baseline> = async () => ({ thresholds: {}, overdispersion: {}, frequent: [], notes: [] });
  /** Requests a second of production's busiest hour. */
  usual?: number;
  /** What is known before traffic. */
  lacking: readonly ForeseenProblem[] = [];
  ready: () => Readiness = () => ({ ready: true, failed: false });
  gates: () => GateReading[] = () => [];
  /** Where a version is, if it is not a function of Lambda. */
  targetOf: (version: string) => Target | undefined = () => undefined;
  updating: (target: Target) => boolean = () => false;
  stackStatus = 'UPDATE_IN_PROGRESS';
  /** Shares before which the candidate was warmed up. */
  readonly warmed: number[] = [];
  warmth: () => GateReading[] = () => [];
  readonly db = new MemoryDynamoDb();
  readonly routes = new RouteRecords(this.db);
  readonly rollouts = new RolloutStore(this.db, ROLLOUTS);
  readonly answers: { callback: Callback; outcome: Outcome }[] = [];
  readonly started: { name: string; input: TaskResult }[] = [];
  readonly asked: string[] = [];
  private requests = 0;

  /** CloudFormation creates or updates the alias so that `version` is production. */
  deploy(version: string, options: { plan?: RolloutPlan; candidate?: string; formerCandidate?: string; request?: string; type?: 'Create' | 'Update' } = {}): Promise<GateResult> {
    const { revision: _, ...declared } = route([variant('production', { version, ...this.target(version) })]);
    const candidate = (name: string): string => JSON.stringify(variant('candidate', { role: 'candidate', version: name, ...this.target(name) }));
    return gate(
      {
        RequestType: options.type ?? 'Update',
        RequestId: options.request ?? `request-${this.requests++}`,
        StackId: 'stack', LogicalResourceId: 'Route', ResponseURL: 'https://cloudformation.invalid/answer',
        OldResourceProperties: options.formerCandidate === undefined ? {} : { Candidate: candidate(options.formerCandidate) },
        ResourceProperties: {
          Table: ROUTES, Alias: ALIAS, Route: JSON.stringify(declared), RouterFunction: 'router', DrainSeconds: '34',
          ...(options.plan === undefined ? {} : { Plan: JSON.stringify(options.plan) }),
          ...(options.candidate === undefined ? {} : { Candidate: candidate(options.candidate) }),
        },
      } as unknown as CloudFormationCustomResourceEvent,
      this.gatePorts(),
    );
  }

  private target(version: string): { target?: Target } {
    const target = this.targetOf(version);
    return target === undefined ? {} : { target };
  }

  delete(plan?: RolloutPlan): Promise<GateResult> {
    return gate(
      {
        RequestType: 'Delete', RequestId: 'delete', StackId: 'stack', LogicalResourceId: 'Route',
        ResourceProperties: { Table: ROUTES, Alias: ALIAS, Route: '{}', RouterFunction: 'router', DrainSeconds: '34', ...(plan && { Plan: JSON.stringify(plan) }) },
      } as unknown as CloudFormationCustomResourceEvent,
      this.gatePorts(),
    );
  }

  task(task: ControllerTask, input: Partial<TaskEvent> = {}): Promise<TaskResult> {
    const { alias = ALIAS, rolloutId = this.started.at(-1)?.name ?? '', generation = 0, ticks = 0, error } = input;
    return runTask({ task, alias, rolloutId, generation, ticks, error }, this.ports());
  }

  /** Time goes by under a controller that judges every minute, as only that keeps the candidate's share. */
  async pass(seconds: number): Promise<void> {
    for (let left = seconds; left > 0; left -= 60) {
      this.now += Math.min(60, left) * 1_000;
      await this.task('judge');
    }
  }

  order(verb: OrderEvent['verb'], extra: Partial<OrderEvent> = {}): Promise<OrderResult> {
    const order: OrderEvent = { verb, alias: ALIAS, by: 'ann', ...extra };
    return verb === 'abort'
      ? abort(order, { table: ROUTES, routes: this.routes, now: () => this.now })
      : operate(order, { rollouts: this.rollouts, now: () => this.now });
  }

  /** The stored route. */
  async route(alias = ALIAS): Promise<Route | undefined> {
    const stored = await this.routes.read(ROUTES, alias);
    return stored && parseRoute(stored.json, stored.revision);
  }

  async state(): Promise<RolloutState | undefined> {
    return (await this.rollouts.readState(ALIAS))?.state;
  }

  /** Shares as routers use them now, percent by version. */
  async shares(): Promise<{ [version: string]: number }> {
    const current = await this.route();
    if (current === undefined) {
      return {};
    }
    const variants = effectiveVariants(current, this.now);
    const total = variants.reduce((sum, { weight }) => sum + weight, 0);
    return Object.fromEntries(variants.filter(({ weight }) => weight > 0).map(({ version, weight }) => [version, Number(((100 * weight) / total).toFixed(9))]));
  }

  /** Kept decisions in the order of time. */
  decisions(): StoredDecision[] {
    return this.db.items(ROLLOUTS).filter(({ item }) => item.S!.startsWith('decision#'))
      .sort((a, b) => (a.item.S! < b.item.S! ? -1 : 1)).map(({ content }) => JSON.parse(content.S!) as StoredDecision);
  }

  ports(): ControllerPorts {
    return {
      table: ROUTES,
      routes: this.routes,
      rollouts: this.rollouts,
      observe: async (state) => this.evidence(state),
      prepare: async () => this.ready(),
      baseline: (state) => this.baseline(state),
      usualLoad: async () => (this.usual === undefined ? undefined : { requestsPerSecond: this.usual, seconds: 0.1 }),
      foresee: async () => [...this.lacking],
      ask: async (_, points) => {
        this.asked.push(...points);
        return this.gates();
      },
      warmUp: async (_, percent) => {
        this.warmed.push(percent);
        return this.warmth();
      },
      release: async () => {},
      isUpdating: async (target) => this.updating(target),
      tell: async () => {},
      answer: async (callback, outcome) => {
        this.answers.push({ callback, outcome });
      },
      start: async (name, input) => {
        if (!this.started.some((execution) => execution.name === name)) {
          this.started.push({ name, input: input as TaskResult });
        }
      },
      now: () => this.now,
      info: () => {},
      warn: () => {},
    };
  }

  gatePorts(): GatePorts & RenamePorts {
    return {
      records: this.routes,
      rollouts: this.rollouts,
      probe: async () => ({ problems: [] }),
      start: this.ports().start,
      stackStatus: async () => this.stackStatus,
      warn: () => {},
      sleep: async (ms) => {
        this.now += ms;
      },
      now: () => this.now,
    };
  }
}
