import { optional } from '../../lib/core/optional';
import { decide, isJudged } from '../../lib/core/rollout/decide';
import type { ForeseenProblem } from '../../lib/core/rollout/capacity';
import { type Evidence, type GateReading, isWatched } from '../../lib/core/rollout/evidence';
import { isReplayed, newReplay, replayPause, withChunk } from '../../lib/core/replay/progress';
import { beginStage, extendLease } from '../../lib/core/rollout/shares';
import { routeAt, routeOfPreview, routeOfProduction, routeOfPromoted } from '../../lib/core/rollout/route-weights';
import type { Reason } from '../../lib/core/rollout/reasons';
import { because, sentenceOf } from '../../lib/core/rollout/sentences';
import { withShadow } from '../../lib/core/rollout/shadow-stage';
import type { Outcome, RolloutState } from '../../lib/core/rollout/state';
import { contentOf } from '../../lib/core/routing/direct';
import { productionOf } from '../../lib/core/routing/effective';
import type { DeclaredRoute, Route, Variant } from '../../lib/core/routing/route';
import { changeRoute } from '../shared/routes/change-route';
import { changeState, type StoredState } from '../shared/records/rollout-store';
import type { ControllerPorts, Observed } from './ports';
import type { Decision } from '../../lib/core/rollout/decision';
import { gatePoints, hadTraffic, percentOf } from '../../lib/core/rollout/stages';
import { nextInput, type TaskEvent, type TaskResult } from '../../lib/core/rollout/execution';

/** Judgements of one execution, about nine events each, well below the 25,000 that an execution may have. */
const TICKS_PER_EXECUTION = 1_500;
/** While the candidate is not ready it is asked more often than a stage is judged. */
const READINESS_INTERVAL_SECONDS = 15;
/** SageMaker changes the number of instances within minutes. */
const LEAVING_MS = 600_000;

/**
 * The tasks of the controller. Each may run any number of times: what is done already is found done. The route record says whose
 * rollout an alias is under; a controller whose id it no longer has leaves everything alone.
 */
export function runTask(event: TaskEvent, ports: ControllerPorts): Promise<TaskResult> {
  return new RolloutTask(event, ports).run();
}

/** What stands when a task begins. */
interface Situation {
  readonly stored: StoredState;
  readonly route: Route;
}

class RolloutTask {
  constructor(
    private readonly event: TaskEvent,
    private readonly ports: ControllerPorts,
  ) {}

  async run(): Promise<TaskResult> {
    switch (this.event.task) {
      case 'prepare':
        return this.prepare();
      case 'replay':
        return this.replay();
      case 'shift':
        return this.shift();
      case 'judge':
        return this.judge();
      case 'promote':
        return this.promote();
      case 'rollBack':
        return this.rollBack();
      case 'report':
        return this.report();
      case 'handOver':
        return this.handOver();
    }
  }

  /** Before traffic: the candidate must answer, pass its tests, and nothing may stand against it. */
  private async prepare(): Promise<TaskResult> {
    const situation = await this.load();
    if (situation === undefined) {
      return this.result('superseded');
    }
    const { state } = situation.stored;
    if (state.stage >= 0) {
      // An execution that begins with traffic without saying so: somebody has to judge it and renew its lease, here as well as elsewhere.
      return this.judge();
    }
    if (state.plan.previewAlias !== undefined) {
      await this.writePreview(state, situation.route);
    }
    const decided = await this.decideAndKeep(situation, async (current) => ({
      ...(await this.ports.observe(current)),
      ...(current.prepared ? {} : await this.readiness(current)),
    }));
    if (decided.verdict === 'hold' && (await this.isReplaying())) {
      return this.tick('replay', 0, state);
    }
    if (decided.verdict === 'hold' && !(await this.keepShadow())) {
      return this.result('roll back', 0, state);
    }
    return decided.verdict === 'hold' || decided.verdict === 'invalid'
      ? this.tick('hold', this.untilNext(state, state.prepared ? Infinity : READINESS_INTERVAL_SECONDS), state)
      : this.result(decided.verdict, 0, state);
  }

  /** Whether the candidate is ready, and what it will be compared with: that is fixed before any traffic, or there is none. */
  private async readiness(
    state: RolloutState,
  ): Promise<Pick<Evidence, 'readiness' | 'baseline' | 'usualRequestsPerSecond' | 'foreseen' | 'control'>> {
    const readiness = await this.ports.readiness(state);
    if (!readiness.ready) {
      return { readiness };
    }
    const started = await this.control(state);
    if (started.problem !== undefined) {
      return { readiness: { ready: false, failed: false, problem: started.problem } };
    }
    try {
      const [baseline, usual] = await Promise.all([
        isJudged(state.plan) ? this.ports.baseline(state) : undefined,
        this.ports.usualLoad(state),
      ]);
      const foreseen = [...started.foreseen, ...(usual === undefined ? [] : await this.ports.foresee(state, usual))];
      return {
        readiness,
        foreseen,
        ...(started.control === undefined ? {} : { control: started.control }),
        ...(baseline === undefined ? {} : { baseline }),
        ...(usual === undefined ? {} : { usualRequestsPerSecond: usual.requestsPerSecond }),
      };
    } catch (error) {
      return {
        readiness: {
          ready: false,
          failed: false,
          problem: `production's history, or what the candidate can take, is not known: ${(error as Error).name}: `
            + `${(error as Error).message}`,
        },
      };
    }
  }

  /** Production's version started anew, where the plan compares with it. */
  private async control(
    state: RolloutState,
  ): Promise<{ readonly control?: Variant; readonly foreseen: readonly ForeseenProblem[]; readonly problem?: string }> {
    if (state.plan.control === undefined || state.control !== undefined) {
      return { foreseen: [] };
    }
    try {
      return { control: await this.ports.startControl(state), foreseen: [] };
    } catch (error) {
      const { name, message } = error as Error;
      return name === 'NoControlError'
        ? {
            foreseen: [
              {
                certain: true,
                sentence: `there is no fresh control to compare with: ${message}; leave freshControl out for this deployment`,
              },
            ],
          }
        : { foreseen: [], problem: `the fresh control is not there: ${name}: ${message}` };
    }
  }

  /** Whether recorded requests are left to be asked, and nobody has stopped that. */
  private async isReplaying(): Promise<boolean> {
    const state = await this.own();
    return state !== undefined && mustReplay(state) && state.paused === undefined;
  }

  /**
   * Ask both versions some more of the recorded requests, before any traffic. What was counted is in the state; a task that is lost or
   * comes twice asks again and counts nothing twice.
   */
  private async replay(): Promise<TaskResult> {
    const { ports } = this;
    const situation = await this.load();
    if (situation === undefined) {
      return this.result('superseded');
    }
    const {
      stored: { state },
      route,
    } = situation;
    if (route.rollout?.aborted !== undefined) {
      return this.result('roll back', 0, state);
    }
    if (!mustReplay(state)) {
      return this.tick('hold', 1, state);
    }
    const progress = state.replay ?? newReplay(ports.now());
    const chunk = await ports.replay(state, progress, async () => {
      const now = await this.load();
      return (
        now !== undefined &&
        now.route.rollout?.aborted === undefined &&
        now.stored.state.paused === undefined &&
        now.stored.state.promotion === undefined
      );
    });
    const kept = await this.changeState((current) =>
      mustReplay(current) ? { ...current, replay: withChunk(current.plan.replay!, current.replay ?? progress, chunk) } : undefined,
    );
    return this.tick('hold', kept?.replay === undefined ? 1 : replayPause(kept.replay), state);
  }

  /**
   * Put the candidate's mirror into the route once it is ready, and renew its lease: without a controller it ends by itself. False if the
   * rollout was stopped or taken over meanwhile.
   */
  private async keepShadow(): Promise<boolean> {
    const { ports } = this;
    const state = await this.own();
    if (state?.plan.shadow === undefined || !state.prepared || mustReplay(state)) {
      return state !== undefined;
    }
    const written = await this.writeRoute(state, (route) => withShadow(route, state, ports.now() + state.plan.leaseSeconds * 1_000));
    if (written && state.shadow === undefined) {
      const startedAt = ports.now();
      await this.changeState((current) => (current.shadow === undefined ? { ...current, shadow: { startedAt } } : undefined));
    }
    return written;
  }

  /** Give the candidate the share of the stage that was decided. */
  private async shift(): Promise<TaskResult> {
    const situation = await this.load();
    if (situation === undefined) {
      return this.result('superseded');
    }
    const { stored, route } = situation;
    const { last, plan } = stored.state;
    if (route.rollout?.aborted !== undefined) {
      return this.result('roll back', 0, stored.state);
    }
    if (last?.verdict === 'advance' && last.stage > stored.state.stage) {
      const asked = this.ports.now();
      if (!(await this.writeShare(stored.state, percentOf(plan, last.stage)))) {
        return this.result('roll back', 0, stored.state);
      }
      const from = this.ports.now();
      await this.changeState((state) =>
        state.stage >= last.stage
          ? undefined
          : {
              ...state,
              stage: last.stage,
              stageStartedAt: from,
              shares: beginStage(state.shares ?? [], last.stage, from, asked + plan.leaseSeconds * 1_000),
            },
      );
    }
    return this.result('hold', this.untilNext(stored.state), stored.state);
  }

  /** Look at the evidence, decide, and renew the candidate's lease if it may keep its share. */
  private async judge(): Promise<TaskResult> {
    const situation = await this.load();
    if (situation === undefined) {
      return this.result('superseded');
    }
    const { state } = situation.stored;
    const decided = await this.decideAndKeep(situation, (current) => this.ports.observe(current));
    switch (decided.verdict) {
      case 'hold':
      case 'invalid':
        if (
          decided.verdict === 'hold' &&
          isWatched(decided.evidence) &&
          !(await this.writeShare(state, percentOf(state.plan, state.stage)))
        ) {
          return this.result('roll back', 0, state);
        }
        return this.tick('hold', this.untilNext(state), state);
      default:
        return this.result(decided.verdict, 0, state);
    }
  }

  /** Make the candidate production, unless somebody has stopped the rollout since. */
  private async promote(): Promise<TaskResult> {
    const { ports, event } = this;
    const state = await this.own();
    if (state === undefined) {
      return this.result('superseded');
    }
    const promoted = productionOf(state.promoted).version;
    const route = await changeRoute(ports.routes, ports.table, event.alias, (current) =>
      current?.rollout?.id === state.id && current.rollout.aborted === undefined ? routeOfPromoted(state, ports.now()) : undefined,
    );
    if (route?.rollout?.aborted !== undefined && route.rollout.id === state.id) {
      return this.result('roll back', 0, state);
    }
    if (route === undefined || route.rollout !== undefined || productionOf(route).version !== promoted) {
      return this.result('superseded', 0, state);
    }
    await ports.rollouts.addServed(event.alias, { version: state.production.version, until: ports.now() });
    await this.end({ result: 'promoted', ...saidOf(state.last, 'promoted') });
    return this.result('drain', 0, state);
  }

  /** Send everything to production and remember why. */
  private async rollBack(): Promise<TaskResult> {
    const { ports, event } = this;
    const state = await this.own();
    if (state === undefined) {
      return this.result('superseded');
    }
    let aborted: NonNullable<Route['rollout']>['aborted'];
    const route = await changeRoute(ports.routes, ports.table, event.alias, (current) => {
      if (current?.rollout?.id !== state.id) {
        return undefined;
      }
      aborted = current.rollout.aborted;
      return routeOfProduction(current);
    });
    if (
      state.last?.verdict === 'promote' &&
      route !== undefined &&
      route.rollout === undefined &&
      productionOf(route).version === state.candidate.version
    ) {
      // The promotion had taken effect before something after it failed: saying otherwise would not be true.
      await this.end({ result: 'promoted', ...saidOf(state.last) });
      return this.result('drain', 0, state);
    }
    const { rejects, ...said } = whyRolledBack(state, aborted, event.error);
    if (rejects) {
      await ports.rollouts.reject(event.alias, {
        version: contentOf(state.candidate),
        rolloutId: state.id,
        reason: said.sentence,
        at: ports.now(),
      });
    }
    await this.end({ result: 'rolled back', ...said, ...(rejects ? { rejects } : {}) });
    return this.result('drain', 0, state);
  }

  /** Tell whoever waits, once nothing is on its way to the version that left. */
  private async report(): Promise<TaskResult> {
    const { ports, event } = this;
    const state = await this.own();
    if (state === undefined) {
      return this.result('superseded');
    }
    const outcome = state.outcome ?? (await this.missingOutcome(state));
    if (!outcome.reported) {
      const callback = (await ports.rollouts.callback(state.id)) ?? state.callback;
      if (callback !== undefined && (await this.leavesLater(state, outcome))) {
        return this.result('drain', 0, state);
      }
      const readings =
        outcome.result === 'superseded' ? [] : await ports.checkGates(state, [outcome.result === 'promoted' ? 'after' : 'on-rollback'], 0);
      for (const { name, verdict, reason } of readings.filter((reading) => reading.verdict !== 'pass')) {
        ports.warn('a hook after the end did not pass', { alias: event.alias, name, verdict, reason });
      }
      const { previewAlias } = state.plan;
      await this.quietly('the preview', async () => previewAlias && ports.routes.remove(ports.table, previewAlias));
      await this.quietly('the capacity', () => ports.release(state));
      const evidence = await ports.sealEvidence(state, outcome);
      const registry = await ports.tellRegistry(state, outcome, evidence?.seal);
      if (callback !== undefined) {
        await ports.report(callback, outcome);
      }
      await this.changeState((current) => ({
        ...current,
        ...optional('evidence', evidence),
        ...optional('registry', registry),
        outcome: { ...outcome, reported: true },
      }));
    }
    return this.result(outcome.result, 0, state);
  }

  /** What fails here must not keep the rollout, or the answer from whoever waits for it. */
  private async quietly(what: string, act: () => Promise<unknown>, failed = 'could not be cleared up'): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.ports.warn(`${what} ${failed}`, { alias: this.event.alias, error: (error as Error).name, reason: (error as Error).message });
    }
  }

  /**
   * Whether CloudFormation, which deletes what leaves once it has its answer, could not do so yet. It waits for that only as long as the
   * rollout might have taken.
   */
  private async leavesLater({ production, candidate, startedAt, plan }: RolloutState, { result, at }: Outcome): Promise<boolean> {
    let later = false;
    if (this.ports.now() < Math.min(at + LEAVING_MS, startedAt + plan.deadlineSeconds * 1_000)) {
      await this.quietly(
        'the version that leaves',
        async () => {
          later = await this.ports.isUpdating((result === 'promoted' ? production : candidate).target);
        },
        'could not be looked at',
      );
    }
    return later;
  }

  /** The end of a rollout that another writer took over, or that could not even be rolled back. */
  private async missingOutcome(state: RolloutState): Promise<Outcome> {
    const { ports, event } = this;
    let mine = true;
    await this.quietly('the route', async () => {
      mine = (await changeRoute(ports.routes, ports.table, event.alias, () => undefined))?.rollout?.id === state.id;
    });
    return {
      ...(mine
        ? { result: 'rolled back', ...rolledBack({ kind: 'controller-failed', error: errorText(event.error), leaseEnds: true }) }
        : { result: 'superseded', ...superseded() }),
      at: ports.now(),
      reported: false,
    };
  }

  /** Go on in another execution, before this one's history is full. */
  private async handOver(): Promise<TaskResult> {
    const input = nextInput(this.event, (await this.ports.rollouts.readState(this.event.alias))?.state);
    await this.ports.start(`${input.rolloutId}-${input.generation}`, input);
    return this.result('hand over');
  }

  /** The state, unless the next rollout has replaced it. */
  private async own(): Promise<RolloutState | undefined> {
    const stored = await this.ports.rollouts.readState(this.event.alias);
    return stored?.state.id === this.event.rolloutId ? stored.state : undefined;
  }

  /** State and route while both belong to this rollout. */
  private async load(): Promise<Situation | undefined> {
    const { ports, event } = this;
    const stored = await ports.rollouts.readState(event.alias);
    if (stored?.state.id !== event.rolloutId || stored.state.outcome !== undefined) {
      return undefined;
    }
    const route = await changeRoute(ports.routes, ports.table, event.alias, () => undefined);
    return route?.rollout?.id === event.rolloutId ? { stored, route: route as Route } : undefined;
  }

  /** Decide on fresh evidence, ask hooks where only they are missing, and keep the decision before it takes effect. */
  private async decideAndKeep(situation: Situation, gather: (state: RolloutState) => Promise<Observed>): Promise<Decision> {
    const { ports } = this;
    const { lease, rollout } = situation.route;
    const withLease = (current: RolloutState): RolloutState =>
      current.shares === undefined
        ? current
        : { ...current, shares: extendLease(current.shares, lease?.until, current.plan.leaseSeconds * 1_000) };
    const state = withLease(situation.stored.state);
    const aborted = rollout?.aborted;
    const { readings, ...seen }: Observed =
      aborted === undefined ? await gather(state) : { until: ports.now(), guardrails: [], calendar: 'unknown', aborted };
    let evidence: Evidence = seen;
    const judged = (current: RolloutState): Decision => decide(current.plan, withLease(current), evidence, ports.now());
    const first = judged(state);
    if (isForward(first) && state.promotion === undefined) {
      if (hadTraffic(state) && isWatched(evidence)) {
        // Hooks take their time, and the lease ends by itself.
        await this.writeShare(state, percentOf(state.plan, state.stage));
      }
      evidence = { ...evidence, gates: await ports.checkGates(state, gatePoints(state.plan, state), first.percent) };
      if (isForward(judged(state))) {
        evidence = { ...evidence, gates: [...(evidence.gates ?? []), ...(await this.warmth(state, first.percent))] };
      }
    }
    let decision = first;
    let decidedOn = state;
    const counted = (current: RolloutState): RolloutState => {
      // People may have spoken while the evidence was gathered; what that permits waits until the hooks have been asked too.
      const now = judged(current);
      const unasked = isForward(now) && evidence.gates === undefined && current.promotion === undefined;
      decision = unasked ? first : now;
      decidedOn = unasked ? state : withLease(current);
      const baseline = current.baseline ?? evidence.baseline;
      const control = current.control ?? evidence.control;
      return {
        ...withLease(current),
        prepared: current.prepared || evidence.readiness?.ready === true,
        ...(baseline === undefined ? {} : { baseline }),
        ...(control === undefined ? {} : { control }),
        last: decision,
        decisions: current.decisions + 1,
      };
    };
    const kept = await this.changeState(counted, (current) =>
      ports.keepEvidence(current, { decision, state: decidedOn, observed: state, ...optional('readings', readings) }));
    if (kept !== undefined) {
      await ports.rollouts.addDecision(state.alias, state.startedAt, kept.decisions, {
        rolloutId: state.id,
        version: state.candidate.version,
        decision,
      });
      ports.info('decided', {
        alias: state.alias,
        rollout: state.id,
        verdict: decision.verdict,
        percent: decision.percent,
        sentence: decision.sentence,
      });
      await ports.notify(kept, decision, state.last);
    }
    return decision;
  }

  /** Last of all, so that what was started is still there when callers come. */
  private async warmth(state: RolloutState, nextPercent: number): Promise<GateReading[]> {
    let readings: GateReading[] = [];
    await this.quietly(
      'the warm-up',
      async () => {
        readings = await this.ports.warmUp(state, nextPercent);
      },
      'could not be sent',
    );
    return readings;
  }

  /** Renew or change the candidate's share; false if the rollout was stopped or taken over meanwhile. */
  private async writeShare(state: RolloutState, percent: number): Promise<boolean> {
    return this.writeRoute(state, (route) => routeAt(route, state, percent, this.ports.now() + state.plan.leaseSeconds * 1_000));
  }

  /** Change the route; false if the rollout was stopped or taken over meanwhile. */
  private async writeRoute(state: RolloutState, change: (route: DeclaredRoute) => DeclaredRoute): Promise<boolean> {
    const { ports } = this;
    let mine = false;
    await changeRoute(ports.routes, ports.table, state.alias, (current) => {
      mine = current?.rollout?.id === state.id && current.rollout.aborted === undefined;
      return mine ? change(current!) : undefined;
    });
    return mine;
  }

  private async writePreview(state: RolloutState, route: DeclaredRoute): Promise<void> {
    const { ports } = this;
    const preview = routeOfPreview(route, state.candidate, state.plan.previewAccess);
    await changeRoute(ports.routes, ports.table, state.plan.previewAlias!, (current) =>
      current !== undefined && productionOf(current).version === state.candidate.version ? undefined : preview,
    );
  }

  private async end(outcome: Omit<Outcome, 'at' | 'reported'>): Promise<void> {
    await this.changeState((state) =>
      state.outcome === undefined ? { ...state, outcome: { ...outcome, at: this.ports.now(), reported: false } } : undefined,
    );
  }

  /** Change the state whatever people change at the same time; undefined if there was nothing to change. */
  private async changeState(
    change: (state: RolloutState) => RolloutState | undefined,
    complete?: (state: RolloutState) => Promise<RolloutState>,
  ): Promise<RolloutState | undefined> {
    const { alias, rolloutId } = this.event;
    return changeState(this.ports.rollouts, alias, (state) => (state?.id === rolloutId ? change(state) : undefined), complete);
  }

  /** Whole seconds until the next judgement: an interval, but no longer than to the deadline, so that whoever waits hears of it in time. */
  private untilNext({ plan, startedAt }: RolloutState, most = Infinity): number {
    const toDeadline = Math.ceil((startedAt - this.ports.now()) / 1_000 + plan.deadlineSeconds);
    return Math.max(1, Math.min(plan.intervalSeconds, most, toDeadline));
  }

  /** A result that counts as a judgement of this execution. */
  private tick(verdict: TaskResult['verdict'], waitSeconds: number, state: RolloutState): TaskResult {
    const ticks = this.event.ticks + 1;
    return { ...this.result(ticks >= TICKS_PER_EXECUTION ? 'hand over' : verdict, waitSeconds, state), ticks };
  }

  private result(verdict: TaskResult['verdict'] | Decision['verdict'], waitSeconds = 0, state?: RolloutState): TaskResult {
    const { alias, rolloutId, generation, ticks } = this.event;
    return {
      alias,
      rolloutId,
      generation,
      ticks,
      waitSeconds,
      verdict: verdict === 'invalid' ? 'hold' : verdict,
      drainSeconds: state?.plan.drainSeconds ?? 0,
    };
  }
}

function isForward({ verdict }: Decision): boolean {
  return verdict === 'advance' || verdict === 'promote';
}

/** Whether the candidate is ready, and there are recorded requests that it has not been asked. */
function mustReplay({ plan, stage, prepared, replay }: RolloutState): boolean {
  return plan.replay !== undefined && stage < 0 && prepared && replay?.failed === undefined && !isReplayed(replay);
}

/** Why a rollout ended in production, in the words of whoever ended it. */
function whyRolledBack(
  state: RolloutState,
  aborted: NonNullable<Route['rollout']>['aborted'],
  error: unknown,
): Said & { readonly rejects: boolean } {
  if (aborted !== undefined) {
    const rejects = aborted.blameless !== true && hadTraffic(state);
    return { ...rolledBack({ kind: 'aborted', by: aborted.by, because: aborted.reason }), rejects };
  }
  if (state.last?.verdict === 'roll back') {
    return { ...saidOf(state.last), rejects: state.last.rejects };
  }
  return { ...rolledBack({ kind: 'controller-failed', error: errorText(error), leaseEnds: false }), rejects: false };
}

type Said = Pick<Outcome, 'reasons' | 'sentence'>;

function superseded(): Said {
  const reasons: readonly Reason[] = [{ kind: 'superseded' }];
  return { reasons, sentence: because(reasons) };
}

function rolledBack(reason: Reason): Said {
  return { reasons: [reason], sentence: sentenceOf('roll back', [reason], { from: '', to: '' }) };
}

/** What a decision said; one of a controller before this has no reasons. */
function saidOf(decision: Decision | undefined, otherwise = ''): Said {
  return { ...(decision?.reasons === undefined ? {} : { reasons: decision.reasons }), sentence: decision?.sentence ?? otherwise };
}

/** Step Functions reports `{ Error, Cause }`, the cause often as JSON with Lambda's own report. */
function errorText(error: unknown): string {
  const { Error: name, Cause: cause } = (error ?? {}) as { Error?: string; Cause?: string };
  let message = cause;
  try {
    message = (JSON.parse(cause ?? '') as { errorMessage?: string }).errorMessage ?? cause;
  } catch {
    // The cause is a text of its own.
  }
  return [name, message].filter(Boolean).join(': ').slice(0, 500) || 'no reason was reported';
}
