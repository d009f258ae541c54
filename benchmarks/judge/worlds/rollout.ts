import type { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { readBaseline } from '../../../lambda/controller/baseline';
import { Judge } from '../../../lib/core/judge/judge';
import type { JudgePlan } from '../../../lib/core/judge/plan';
import { MEASURED_REQUESTS, Metric, slowMetric } from '../../../lib/core/names';
import { type Baseline, type CallersBaseline, measuresOf } from '../../../lib/core/rollout/baseline';
import { type CallerHistory, callersBaseline } from '../../../lib/core/rollout/caller-history';
import { decide } from '../../../lib/core/rollout/decide';
import type { Evidence } from '../../../lib/core/rollout/evidence';
import { judgePlanOf, judgedTime } from '../../../lib/core/rollout/judge-rollout';
import { periodsOf } from '../../../lib/core/rollout/periods';
import { quantileForm } from '../../../lib/core/guardrails/learnt';
import { routerMetric, sourceKey } from '../../../lib/core/guardrails/sources';
import { beginStage } from '../../../lib/core/rollout/shares';
import type { RolloutState, ShareSpan } from '../../../lib/core/rollout/state';
import { thresholdsFor } from '../../../lib/core/routing/measures';
import type { DeclaredRoute, Variant } from '../../../lib/core/routing/route';
import type { FoundRollout } from '../../../rehearsal/assembly/found-rollout';
import { type Random, randomOf } from '../../../rehearsal/engine/random';
import type { CallersCourse } from './callers';
import { DAY, type Kind, type World } from './world';

const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 0, 13, 9, 0);
/** Longer than any deadline of the plans. */
const MOST_MINUTES = 20_000;
/** Histories of a world, drawn anew for its first runs and then taken in turn. */
const HISTORIES = 10;

/** How a rollout in a world ended. */
export interface Ending {
  readonly verdict: 'promoted' | 'rolled back' | 'gave up';
  /** Minutes since the candidate's first request. */
  readonly minute: number;
  readonly stage: number;
  readonly sentence: string;
}

/** What the simulation is told beside plan and world. */
export interface Conditions {
  readonly rollout: FoundRollout;
  readonly world: World;
  /** Changes the plan that is judged by, to try another way of judging. */
  readonly judging?: (plan: JudgePlan) => JudgePlan;
}

interface Counted {
  readonly requests: number;
  readonly failures: number;
  readonly slow: readonly number[];
}

/**
 * Rollouts in a world, through what runs in AWS: the baseline from a day of metrics, the judge's plan and periods, the decisions. Counts
 * are drawn minute by minute and reach the judge a minute after their end. Of the controller only its loop is missing, which `rehearsal/`
 * has; so a thousand rollouts take seconds.
 */
export class RolloutInWorld {
  private readonly baselines: Baseline[] = [];
  private readonly keys = new Map<string, string>();

  constructor(private readonly conditions: Conditions) {}

  async run(seed: number): Promise<Ending> {
    const { rollout, world, judging = (plan) => plan } = this.conditions;
    const random = randomOf(seed);
    const course = world.start(random);
    // What alarms see is another matter: evidence has to do without them here.
    const plan = { ...rollout.plan, guardrails: rollout.plan.guardrails.filter(({ kind }) => kind !== 'alarm') };
    let state: RolloutState = { ...stateOf({ ...rollout, plan }), baseline: undefined };
    const known = await this.baselineOf(state, course.history.bind(course), random);
    const baseline = 'callerHistory' in course ? { ...known, callers: callersOf(state, known, course as CallersCourse) } : known;
    state = { ...state, baseline, prepared: true, stage: 0, shares: beginStage([], 0, START, Number.MAX_SAFE_INTEGER) };
    const measures = measuresOf(plan, state.baseline) ?? { slowerThanMs: [], bins: [] };
    const series = new Map<string, Map<number, number>>();
    const put = (version: string, metric: string, at: number, value: number): void => {
      const key = this.keyOf(version, metric);
      let values = series.get(key);
      if (values === undefined) {
        series.set(key, values = new Map());
      }
      values.set(at, value);
    };
    const publish = (version: string, at: number, { requests, failures, slow }: Counted): void => {
      if (requests > 0) {
        put(version, Metric.INVOCATIONS, at, requests);
        put(version, Metric.FAILURES, at, failures);
        put(version, MEASURED_REQUESTS, at, requests);
        slow.forEach((count, index) => put(version, slowMetric(index), at, count));
      }
    };
    let judge: Judge | undefined;
    let judgedUntil = -Infinity;
    let step = { candidate: { requests: 0, failures: 0 }, production: { requests: 0, failures: 0 } };
    for (let minute = 0; minute < MOST_MINUTES; minute++) {
      const at = START + minute * MINUTE_MS;
      const { stage } = (state.shares as ShareSpan[]).findLast(({ from }) => from <= at)!;
      const drawn = course.minute(minute, plan.stages[stage].percent / 100);
      const candidate = counted(drawn.candidate, thresholdsFor(measures, 'candidate'), random);
      const production = counted(drawn.production, thresholdsFor(measures, 'production'), random);
      publish('v2', at, candidate);
      publish('v1', at, production);
      if (at >= state.stageStartedAt) {
        step = { candidate: sum(step.candidate, candidate), production: sum(step.production, production) };
      }
      const now = at + MINUTE_MS + 1_000 * plan.metrics.delaySeconds;
      const time = judgedTime(state, now)!;
      if (time.until <= time.start) {
        continue;
      }
      if (judge === undefined) {
        judge = new Judge(judging(judgePlanOf(state, time.start)));
        judgedUntil = time.start;
      }
      for (const period of periodsOf(state, series, { ...time, start: judgedUntil }).sort((a, b) => a.start - b.start)) {
        judge.add(period);
      }
      judgedUntil = time.until;
      const asked =
        now - state.stageStartedAt >= 1_000 * plan.stages[state.stage].bakeSeconds ||
        judge.crossedAt !== undefined ||
        now - START >= 1_000 * plan.deadlineSeconds;
      if (!asked) {
        continue;
      }
      const evidence: Evidence = {
        until: time.until,
        ...step,
        recentRequests: 1,
        guardrails: [],
        judgement: judge.judgement({ step: state.stage, closedUntil: time.until }),
        calendar: 'open',
        gates: [],
      };
      const { verdict, sentence, stage: next, rejects } = decide(plan, state, evidence, now);
      if (verdict === 'promote' || verdict === 'roll back') {
        const failed = rejects ? 'rolled back' : 'gave up';
        return { verdict: verdict === 'promote' ? 'promoted' : failed, minute: minute + 1, stage: state.stage, sentence };
      }
      if (verdict === 'advance') {
        state = { ...state, stage: next, stageStartedAt: now, shares: beginStage(state.shares!, next, now, Number.MAX_SAFE_INTEGER) };
        step = { candidate: { requests: 0, failures: 0 }, production: { requests: 0, failures: 0 } };
      }
    }
    throw new Error('a rollout that goes on beyond its deadline');
  }

  private async baselineOf(state: RolloutState, history: (minute: number) => readonly Kind[], random: Random): Promise<Baseline> {
    if (this.baselines.length < HISTORIES) {
      const minutes = Array.from({ length: DAY }, (_, index) => history(index - DAY));
      this.baselines.push(
        await readBaseline({ cloudWatch: new HistoryClient(minutes, random), cells: { read: async () => [] } }, state, START),
      );
      return this.baselines[this.baselines.length - 1];
    }
    return this.baselines[Math.floor(HISTORIES * random.uniform())];
  }

  private keyOf(version: string, metric: string): string {
    const name = version + metric;
    let key = this.keys.get(name);
    if (key === undefined) {
      this.keys.set(name, key = sourceKey(routerMetric(this.conditions.rollout.alias, version, metric)));
    }
    return key;
  }
}

function stateOf({ alias, plan, properties }: FoundRollout): RolloutState {
  const variant = (version: string, role: Variant['role']): Variant => ({
    name: role,
    version,
    role,
    weight: 1,
    timeBudgetMs: 1_000,
    target: { kind: 'lambda', functionArn: version, contract: 'json', maxRequestBytes: 1 },
  });
  return {
    schema: 1,
    id: 'simulated',
    alias,
    plan,
    production: variant('v1', 'production'),
    candidate: variant('v2', 'candidate'),
    promoted: JSON.parse(properties.Route) as DeclaredRoute,
    routerFunction: 'router',
    startedAt: START,
    stage: -1,
    stageStartedAt: START,
    prepared: false,
    decisions: 0,
  };
}

/** What the controller reads of the table in which routers count callers. */
function callersOf(state: RolloutState, { thresholds }: Baseline, course: CallersCourse): CallersBaseline {
  const [errors, ...slow] = course.callerHistory(thresholds.latency);
  const { quantiles } = state.plan.guardrails.find((guardrail) => guardrail.kind === 'latency')!;
  return callersBaseline(
    state,
    new Map([
      ['errors', [errors]],
      ['latency', slow.map((each, index): CallerHistory => ({ ...each, form: quantileForm(quantiles[index]) }))],
    ]),
  );
}

function sum(a: { readonly requests: number; readonly failures: number }, b: Counted): { requests: number; failures: number } {
  return { requests: a.requests + b.requests, failures: a.failures + b.failures };
}

function counted(kinds: readonly Kind[], thresholds: readonly number[], random: Random): Counted {
  const slow = thresholds.map(() => 0);
  let [requests, failures] = [0, 0];
  for (const kind of kinds.filter((each) => each.requests > 0)) {
    requests += kind.requests;
    failures += kind.failures ?? random.binomial(kind.requests, kind.failing);
    if (kind.latencies !== undefined) {
      thresholds.forEach((threshold, index) => (slow[index] += kind.latencies!.filter((ms) => ms > threshold).length));
      continue;
    }
    let [left, chance] = [kind.requests, 1];
    thresholds.forEach((threshold, index) => {
      const slower = kind.slower(threshold);
      left = random.binomial(left, chance <= 0 ? 0 : Math.min(1, slower / chance));
      chance = slower;
      slow[index] += left;
    });
  }
  return { requests, failures, slow };
}

/** A day of production as CloudWatch has it. */
class HistoryClient implements Pick<CloudWatchClient, 'send'> {
  private readonly known = new Map<string, number[]>();

  constructor(private readonly minutes: readonly (readonly Kind[])[], private readonly random: Random) {}

  readonly send = (async (command: GetMetricDataCommand) => {
    const { MetricDataQueries: queries = [], StartTime: start } = command.input;
    const from = Math.ceil(start!.getTime() / MINUTE_MS) * MINUTE_MS;
    return {
      MetricDataResults: queries.map(({ Id: id, MetricStat: stat }) => {
        const values = this.valuesOf(stat!.Metric!.MetricName!, stat!.Stat!);
        const whole = stat!.Period! > 60;
        const points = whole
          ? [[from, stat!.Stat === 'SampleCount' || stat!.Stat === 'Sum' ? values.reduce((a, b) => a + b, 0) : values[0]]]
          : values.map((value, index) => [from + index * MINUTE_MS, value]);
        return {
          Id: id,
          StatusCode: 'Complete',
          Timestamps: points.map(([at]) => new Date(at)).reverse(),
          Values: points.map(([, value]) => value).reverse(),
        };
      }),
    };
  }) as unknown as CloudWatchClient['send'];

  private valuesOf(metric: string, statistic: string): number[] {
    const key = `${metric} ${statistic}`;
    let values = this.known.get(key);
    if (values === undefined) {
      this.known.set(key, values = this.drawn(metric, statistic));
    }
    return values;
  }

  private drawn(metric: string, statistic: string): number[] {
    const { random } = this;
    const each = (of: (kind: Kind) => number): number[] => this.minutes.map((kinds) => kinds.reduce((all, kind) => all + of(kind), 0));
    const above = /^TC\((.+):\)$/.exec(statistic);
    if (statistic.startsWith('p')) {
      return [this.quantile(Number(statistic.slice(1)) / 100)];
    }
    if (above !== null) {
      const threshold = Number(above[1]);
      return each(
        ({ requests, slower, latencies }) =>
          latencies?.filter((ms) => ms > threshold).length ?? random.binomial(requests, slower(threshold)),
      );
    }
    return metric === Metric.FAILURES
      ? each(({ requests, failures, failing }) => failures ?? random.binomial(requests, failing))
      : each(({ requests }) => requests);
  }

  private quantile(part: number): number {
    const kinds = this.minutes.flat();
    const known = kinds.flatMap(({ latencies = [] }) => latencies).sort((a, b) => a - b);
    if (known.length > 0) {
      return known[Math.min(known.length - 1, Math.floor(part * known.length))];
    }
    const weights = new Map<Kind['slower'], number>();
    kinds.forEach(({ slower, requests }) => weights.set(slower, (weights.get(slower) ?? 0) + requests));
    const total = kinds.reduce((all, { requests }) => all + requests, 0);
    let [low, high] = [1e-3, 1e7];
    for (let step = 0; step < 50; step++) {
      const middle = Math.sqrt(low * high);
      let beyond = 0;
      weights.forEach((weight, slower) => (beyond += weight * slower(middle)));
      [low, high] = beyond / total > 1 - part ? [middle, high] : [low, middle];
    }
    return low;
  }
}
