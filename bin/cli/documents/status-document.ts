import type { Judgement } from '../../../lib/core/judge/judgement';
import { helpOnRollout } from '../../../lib/core/documentation';
import { endpointAndAlias } from '../../../lib/core/names';
import { optional } from '../../../lib/core/optional';
import { isReplayed } from '../../../lib/core/replay/progress';
import type { Decision } from '../../../lib/core/rollout/decision';
import type { Reason } from '../../../lib/core/rollout/reasons';
import { because } from '../../../lib/core/rollout/sentences';
import { cohortIn, percentOf, stagesTotal } from '../../../lib/core/rollout/stages';
import type { Evidence, GuardrailReading } from '../../../lib/core/rollout/evidence';
import { bakedSeconds } from '../../../lib/core/rollout/shares';
import type { Order, Outcome, RegistryNote, RolloutState } from '../../../lib/core/rollout/state';
import { effectiveVariants } from '../../../lib/core/routing/effective';
import { InvalidRouteError, parseRoute } from '../../../lib/core/routing/parse';
import { factsOf } from '../../../lib/core/backends/backends';
import type { Route } from '../../../lib/core/routing/route';
import { type EvidenceStatus, evidenceStatus } from './evidence-document';
import { parseState, UnreadableRecordError } from '../../../lib/core/rollout/parse';

/** What `status --json` prints: public. Times are ISO 8601; fields are added, never changed. */
export interface StatusDocument {
  readonly schema: 1;
  /** False when a record could not be read, or may not be; `error` then says so. */
  readonly ok: boolean;
  readonly command: 'status';
  readonly stack: string;
  readonly region: string;
  readonly at: string;
  readonly aliases: readonly AliasStatus[];
  readonly error?: { readonly code: string; readonly message: string };
}

export interface AliasStatus {
  /** `endpoint/name` */
  readonly alias: string;
  readonly endpoint: string;
  readonly name: string;
  readonly revision?: number;
  readonly variants: readonly VariantStatus[];
  readonly lease?: { readonly until: string; readonly remainingSeconds: number };
  readonly aborted?: OrderStatus;
  /** The rollout that runs, or the last one. */
  readonly rollout?: RolloutStatus;
  /** What somebody should look at. */
  readonly warnings: readonly string[];
  /** Records that cannot be read, or may not be. */
  readonly problems: readonly string[];
}

export interface VariantStatus {
  readonly name: string;
  readonly role: 'production' | 'candidate' | 'control';
  readonly version: string;
  /** Share of the requests now, an ended lease considered. */
  readonly percent: number;
  readonly target: string;
}

export interface OrderStatus {
  readonly by: string;
  readonly reason?: string;
  readonly at: string;
}

export interface RolloutStatus {
  readonly id: string;
  readonly kind: string;
  readonly status: 'running' | 'promoted' | 'rolled back' | 'superseded';
  readonly from: string;
  readonly to: string;
  /** Alias at which the candidate alone answers while the rollout runs. */
  readonly preview?: string;
  readonly startedAt: string;
  readonly deadlineAt: string;
  /** Number from 1; 0 before any traffic. */
  readonly stage: {
    readonly number: number;
    readonly of: number;
    readonly percent: number;
    /** The cohort alone has the candidate. */
    readonly cohort?: true;
    readonly startedAt: string;
    readonly seconds: number;
    readonly bakeSeconds: number;
  };
  /** The recorded requests that both versions are asked; only while that lasts. Without `done` it has not begun. */
  readonly replay?: { readonly done?: number; readonly of: number; readonly waits?: string };
  /** The stage in which the candidate is a shadow; only while it lasts. Without `seconds` it has not begun. */
  readonly shadow?: { readonly name: string; readonly seconds?: number; readonly bakeSeconds: number };
  /** Share of the bake times that is over, 0 to 1. */
  readonly progress: number;
  readonly guardrails: readonly GuardrailStatus[];
  /** What the evidence said at the last decision; absent before traffic, and where no guardrail is judged by it. */
  readonly evidence?: EvidenceStatus;
  /** Counts of the current stage at the last decision. */
  readonly requests?: { readonly candidate?: CountsStatus; readonly production?: CountsStatus };
  /** The sentence is for people; programs go by verdict and reasons, which a controller before this one did not give. */
  readonly decision?: {
    readonly verdict: string;
    readonly reasons?: readonly Reason[];
    readonly sentence: string;
    readonly at: string;
    readonly number: number;
    /** Address of what to do, where it holds for more than its bake time. */
    readonly help?: string;
  };
  /** Why it does not advance; only while it holds. */
  readonly waitsFor?: string;
  /** The next stage, number from 1, that somebody must approve first. */
  readonly needsApproval?: number;
  readonly paused?: OrderStatus;
  readonly promotion?: OrderStatus;
  /** `help` is the address of what to do, where it was not promoted. */
  readonly outcome?: { readonly sentence: string; readonly at: string; readonly help?: string };
  /** Where the evidence of the rollout is, once it has ended, and what of it could not be kept. */
  readonly kept?: { readonly seal?: string; readonly problem?: string };
  /** What the model registry was told of the end, and why not all of it. */
  readonly registry?: RegistryNote;
}

export interface GuardrailStatus {
  readonly name: string;
  readonly action: string;
  /** At the last decision. */
  readonly status: 'ok' | 'triggered' | 'unknown' | 'not read';
  readonly detail: string;
}

export interface CountsStatus {
  readonly requests: number;
  readonly failures: number;
}

/** The records of an alias, as they are stored. */
export interface AliasRecords {
  readonly route?: { readonly json: string; readonly revision: number };
  readonly state?: string;
}

/** After how many planned decisions that did not come the controller is taken to be silent. */
const SILENT_INTERVALS = 3;

export function aliasStatus(alias: string, records: AliasRecords, now: number): AliasStatus {
  const problems: string[] = [];
  const tryTo = <T>(what: string, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof InvalidRouteError || error instanceof UnreadableRecordError)) {
        throw error;
      }
      problems.push(`the ${what} of ${alias} cannot be read: ${error.message}`);
      return undefined;
    }
  };
  const { route: stored, state: json } = records;
  if (stored === undefined) {
    problems.push(`${alias} has no route record: its routers serve the last route they know, and after a restart none`);
  }
  const route = stored && tryTo('route record', () => parseRoute(stored.json, stored.revision));
  const state = json === undefined ? undefined : tryTo('rollout record', () => parseState(json));
  const [endpoint, name] = endpointAndAlias(alias);
  return {
    alias,
    endpoint,
    name,
    ...(route === undefined ? {} : { revision: route.revision }),
    variants: route === undefined ? [] : variantsOf(route, now),
    ...(route?.lease === undefined
      ? {}
      : { lease: { until: iso(route.lease.until), remainingSeconds: Math.max(0, (route.lease.until - now) / 1_000) } }),
    ...(route?.rollout?.aborted === undefined ? {} : { aborted: orderOf(route.rollout.aborted) }),
    ...(state === undefined ? {} : { rollout: rolloutOf(state, now) }),
    warnings: warningsOf(route, state, now),
    problems,
  };
}

/** An alias whose records the caller may not read. */
export function hiddenStatus(alias: string, reason: string): AliasStatus {
  const [endpoint, name] = endpointAndAlias(alias);
  return {
    alias,
    endpoint,
    name,
    variants: [],
    warnings: [],
    problems: [`${alias} is not shown (name an alias to see it alone): ${reason}`],
  };
}

function variantsOf(route: Route, now: number): VariantStatus[] {
  const effective = new Map(effectiveVariants(route, now).map(({ name, weight }) => [name, weight]));
  const total = [...effective.values()].reduce((sum, weight) => sum + weight, 0);
  return route.variants.map(({ name, role, version, target }) => ({
    name, role, version, percent: 100 * (effective.get(name) ?? 0) / total, target: factsOf(target).describe(target),
  }));
}

function rolloutOf(state: RolloutState, now: number): RolloutStatus {
  const { plan, last, outcome } = state;
  const end = outcome?.at ?? now;
  const stage = outcome?.result === 'promoted' ? plan.stages.length - 1 : Math.min(state.stage, plan.stages.length - 1);
  const inStage = Math.max(0, (end - state.stageStartedAt) / 1_000);
  const next = plan.stages[stage + 1];
  const judgement = judgementIn(last?.evidence);
  return {
    id: state.id,
    kind: plan.kind,
    status: outcome?.result ?? 'running',
    from: state.production.version,
    to: state.candidate.version,
    ...(typeof plan.previewAlias === 'string' ? { preview: plan.previewAlias } : {}),
    startedAt: iso(state.startedAt),
    deadlineAt: iso(state.startedAt + plan.deadlineSeconds * 1_000),
    stage: {
      number: stage + 1,
      of: plan.stages.length,
      percent: percentOf(plan, stage),
      ...(cohortIn(plan, stage) === undefined ? {} : { cohort: true }),
      startedAt: iso(state.stageStartedAt),
      seconds: inStage,
      bakeSeconds: plan.stages[stage]?.bakeSeconds ?? 0,
    },
    ...(outcome === undefined ? { ...replayOf(state), ...shadowOf(state, now) } : {}),
    progress: outcome?.result === 'promoted' ? 1 : progressOf(state, stage, bakedSeconds(state, plan, end), end),
    guardrails: guardrailsOf(state),
    ...(judgement === undefined ? {} : { evidence: evidenceStatus(judgement) }),
    ...(last?.evidence.candidate === undefined && last?.evidence.production === undefined
      ? {}
      : { requests: { ...pick('candidate', last.evidence.candidate), ...pick('production', last.evidence.production) } }),
    ...(last === undefined
      ? {}
      : {
          decision: {
            verdict: last.verdict,
            ...(last.reasons && { reasons: last.reasons }),
            sentence: last.sentence,
            at: iso(last.at),
            number: state.decisions,
            ...optional('help', outcome === undefined && isHeld(last) ? helpOnRollout('held', last.reasons) : undefined),
          },
        }),
    ...(outcome === undefined ? waitOf(state) : {}),
    ...(outcome === undefined && next?.approval === true && (state.approved?.stage ?? -1) < stage + 1 ? { needsApproval: stage + 2 } : {}),
    ...(state.paused === undefined ? {} : { paused: orderOf(state.paused) }),
    ...(state.promotion === undefined ? {} : { promotion: orderOf(state.promotion) }),
    ...(outcome === undefined ? {} : { outcome: outcomeOf(outcome) }),
    ...optional('kept', keptOf(state)),
    ...optional('registry', state.registry),
  };
}

function isHeld({ verdict }: Decision): boolean {
  return verdict === 'hold' || verdict === 'invalid';
}

function outcomeOf({ result, reasons, sentence, at }: Outcome): RolloutStatus['outcome'] {
  return { sentence, at: iso(at), ...optional('help', result === 'promoted' ? undefined : helpOnRollout('ended', reasons)) };
}

function keptOf({ evidence }: RolloutState): RolloutStatus['kept'] {
  const problem = evidence?.problem ?? evidence?.lost?.problem;
  return evidence?.seal === undefined && problem === undefined
    ? undefined
    : { ...optional('seal', evidence?.seal), ...optional('problem', problem) };
}

/** Those of the plan, read or not, and whatever else was read. */
function guardrailsOf({ plan, last, baseline, stage }: RolloutState): GuardrailStatus[] {
  const planned = [...stage < 0 ? plan.shadow?.guardrails ?? [] : [], ...plan.guardrails].map(({ name, action }): GuardrailStatus => ({
    name, action, status: 'not read', detail: baseline?.notes.find(({ guardrail }) => guardrail === name)?.text ?? '',
  }));
  return withReadings(planned, last?.evidence);
}

/** Guardrails with what was read of them for a decision, and whatever else was. */
export function withReadings(planned: readonly GuardrailStatus[], evidence: Evidence | undefined): GuardrailStatus[] {
  const { judgement, shadow, replay } = evidence ?? {};
  const judged = [judgement, shadow?.judgement, replay].flatMap(
    (each) =>
      each?.guardrails.map(({ name, action, silent, sentence }): GuardrailReading => ({
        name,
        action,
        detail: sentence,
        status: each.verdict === 'roll back' && each.attributedTo === name ? 'triggered' : unlessTriggered(silent),
      })) ?? [],
  );
  const readings = [...evidence?.guardrails ?? [], ...judged];
  const known = planned.map((each) => readings.find(({ name }) => name === each.name) ?? each);
  const others = readings.filter((reading) => planned.every(({ name }) => name !== reading.name));
  // Segments are judged under the name of their guardrail and by what they are told apart: they stand below it.
  const segmentsOf = (name: string): GuardrailReading[] => others.filter((each) => each.name.startsWith(`${name} by `));
  const rows = known.flatMap((each) => [each, ...segmentsOf(each.name)]);
  const rest = others.filter((each) => !rows.includes(each));
  return [...rows, ...rest].map(({ name, action, status, detail }) => ({ name, action, status, detail }));
}

/** What was judged at the last decision: of replay and shadow the one that comes later. */
export function judgementIn(evidence: Evidence | undefined): Judgement | undefined {
  return evidence?.judgement ?? evidence?.shadow?.judgement ?? evidence?.replay;
}

function replayOf({ plan: { replay: planned }, stage, replay }: RolloutState): Pick<RolloutStatus, 'replay'> {
  return planned === undefined || stage >= 0 || isReplayed(replay) ? {} : {
    replay: {
      ...(replay?.requests === undefined ? {} : { done: replay.done }),
      of: replay?.requests?.total ?? planned.requests,
      ...(replay?.waits === undefined ? {} : { waits: replay.waits.problem }),
    },
  };
}

function shadowOf({ plan: { shadow: planned }, stage, shadow }: RolloutState, now: number): Pick<RolloutStatus, 'shadow'> {
  return planned === undefined || stage >= 0
    ? {}
    : {
        shadow: {
          name: planned.mirror.name,
          ...(shadow === undefined ? {} : { seconds: Math.max(0, (now - shadow.startedAt) / 1_000) }),
          bakeSeconds: planned.bakeSeconds,
        },
      };
}

function progressOf(
  { plan, replay, shadow }: Pick<RolloutState, 'plan' | 'replay' | 'shadow'>,
  stage: number,
  baked: number,
  now: number,
): number {
  const total = stagesTotal({ ...plan, settlingSeconds: 0 });
  if (total === 0) {
    return (stage + 1) / (plan.stages.length + 1);
  }
  const asked = replay?.requests === undefined ? 0 : ((plan.replay?.seconds ?? 0) * replay.done) / replay.requests.total;
  if (stage < 0) {
    return (asked + (shadow === undefined ? 0 : Math.min((now - shadow.startedAt) / 1_000, plan.shadow?.bakeSeconds ?? 0))) / total;
  }
  const before =
    (plan.replay?.seconds ?? 0) +
    (plan.shadow?.bakeSeconds ?? 0) +
    plan.stages.slice(0, stage).reduce((sum, { bakeSeconds }) => sum + bakeSeconds, 0);
  return (before + Math.min(baked, plan.stages[stage].bakeSeconds)) / total;
}

function waitOf({ last, stage }: RolloutState): { waitsFor?: string } {
  if (last === undefined) {
    return stage < 0 ? { waitsFor: 'the controller, which has not decided yet' } : {};
  }
  return isHeld(last)
    ? { waitsFor: last.reasons === undefined ? last.sentence : because(last.reasons) }
    : {};
}

function warningsOf(route: Route | undefined, state: RolloutState | undefined, now: number): string[] {
  const warnings: string[] = [];
  const candidates = route?.variants.filter(({ role, weight }) => role === 'candidate' && weight > 0) ?? [];
  if (route?.lease !== undefined && route.lease.until <= now && candidates.length > 0) {
    warnings.push('the lease of the weights ran out: production serves every request until the controller renews it');
  }
  const running = state !== undefined && state.outcome === undefined;
  if (running && route !== undefined && route.rollout?.id !== state.id) {
    warnings.push('the route is not under this rollout: another writer has changed it');
  }
  const lastSign = state === undefined ? now : state.last?.at ?? state.startedAt;
  if (running && now - lastSign > SILENT_INTERVALS * state.plan.intervalSeconds * 1_000) {
    warnings.push(
      `the controller has not decided for ${Math.round((now - lastSign) / 1_000)} s; every ${state.plan.intervalSeconds} s is planned`,
    );
  }
  return warnings;
}

function pick(name: 'candidate' | 'production', counts: CountsStatus | undefined): { [name: string]: CountsStatus } {
  return counts === undefined ? {} : { [name]: { requests: counts.requests, failures: counts.failures } };
}

function orderOf({ by, reason, at }: Order): OrderStatus {
  return { by, ...(reason === undefined ? {} : { reason }), at: iso(at) };
}

function iso(at: number): string {
  // Beyond what a date can be, a record's number is shown as the end of time rather than as a failure.
  return new Date(Math.min(Math.max(at, -8.64e15), 8.64e15)).toISOString();
}

function unlessTriggered(silent: boolean): 'unknown' | 'ok' {
  return silent ? 'unknown' : 'ok';
}
