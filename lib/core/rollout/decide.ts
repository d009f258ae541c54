import type { JudgeReason, Judgement } from '../judge/judgement';
import { evidenceGuardrails, type GuardrailPlan, isEvidence, kindOf } from '../guardrails/kinds';
import type { ReplayGuardrail } from '../replay/plan';
import { isReplayed } from '../replay/progress';
import type { Counts, Evidence } from './evidence';
import { optional } from '../optional';
import type { RolloutPlan } from './plan';
import { shadowRollout } from './shadow-stage';
import { bakedSeconds } from './shares';
import type { RolloutState } from './state';
import { firstStart, inWindow } from './window';
import type { Decision, Verdict } from './decision';
import type { Judged, JudgedReason, Reason } from './reasons';
import { sentenceOf } from './sentences';
import { cohortIn, hadTraffic, percentOf, placeOf, stagesTotal } from './stages';

function stageAfter(verdict: Verdict, { stages }: Pick<RolloutPlan, 'stages'>, { stage }: Pick<State, 'stage'>): number {
  switch (verdict) {
    case 'advance':
      return stage + 1;
    case 'promote':
      return stages.length;
    case 'roll back':
      return -1;
    default:
      return stage;
  }
}

/** Something that speaks against the candidate, or only against going on. */
interface Objection {
  readonly reasons: readonly Reason[];
  readonly rejects: boolean;
}

type State = Pick<
  RolloutState,
  'stage' | 'stageStartedAt' | 'startedAt' | 'shares' | 'prepared' | 'paused' | 'promotion' | 'approved' | 'replay' | 'shadow'
>;

/**
 * The one place where a rollout's next move is decided: a pure function, so that the same code decides in AWS, in tests and in a
 * rehearsal. What speaks against the candidate comes first, what people say second, then what is still missing for the next stage;
 * nothing that is missing or unknown ever lets the rollout advance.
 */
export function decide(plan: RolloutPlan, state: State, evidence: Evidence, now: number): Decision {
  const to = (verdict: Verdict, reasons: readonly Reason[], rejects = false): Decision => {
    const stage = stageAfter(verdict, plan, state);
    const percent = verdict === 'promote' ? 100 : percentOf(plan, stage);
    const place = (of: number): string => placeOf(plan.stages[of] ?? { percent: of < 0 ? 0 : percent });
    const sentence = sentenceOf(verdict, reasons, { from: place(state.stage), to: place(stage) });
    return { verdict, reasons, sentence, at: now, stage, percent, rejects, evidence };
  };

  const against = whatSpeaksAgainst(plan, state, evidence, now);
  if (against !== undefined) {
    return to('roll back', against.reasons, against.rejects);
  }
  const impossible = [evidence.candidate, evidence.production].find((counts) => counts !== undefined && areImpossible(counts));
  if (impossible !== undefined) {
    return to('invalid', [{ kind: 'impossible-counts', requests: impossible.requests, failures: impossible.failures }]);
  }
  const judgements = judgementsOf(state, evidence);
  const invalid = judgements.find(({ judgement }) => judgement.verdict === 'invalid');
  if (invalid !== undefined && state.promotion === undefined) {
    return to('invalid', [{ kind: 'evidence', judged: judgedReason(invalid) }]);
  }
  const ready = state.prepared || evidence.readiness?.ready === true;
  if (state.promotion !== undefined && ready) {
    const { by, reason } = state.promotion;
    return to('promote', [{ kind: 'promotion-asked', by, ...optional('because', reason) }]);
  }
  const missing: Reason | undefined = state.stage < 0 && !ready
    ? { kind: 'not-ready', ...optional('problem', evidence.readiness?.problem) }
    : whatIsMissing(plan, state, evidence, now);
  if (missing !== undefined) {
    return to('hold', [missing]);
  }
  const last = state.stage + 1 >= plan.stages.length;
  const { requests, failures } = evidence.candidate ?? { requests: 0, failures: 0 };
  const answered: Reason =
    state.stage < 0
      ? {
          kind: 'ready',
          notes: [
            ...(evidence.baseline?.notes ?? []).map(({ text }) => text),
            ...(evidence.foreseen ?? []).map(({ sentence }) => sentence),
          ],
        }
      : { kind: 'answered', requests, failures, last, ...(cohortIn(plan, state.stage) === undefined ? {} : { cohort: true }) };
  const proof = judgements.map((each): Reason => ({ kind: 'proof', judged: judgedReason(each) }));
  const told = (evidence.gates ?? [])
    .filter((gate) => gate.told === true)
    .map(({ name, reason }): Reason => ({ kind: 'noticed', name, detail: reason }));
  return to(last ? 'promote' : 'advance', [answered, ...proof, ...told]);
}

function whatSpeaksAgainst(plan: RolloutPlan, state: State, evidence: Evidence, now: number): Objection | undefined {
  const { aborted, readiness } = evidence;
  if (aborted !== undefined) {
    const rejects = aborted.blameless !== true && hadTraffic(state);
    return { reasons: [{ kind: 'aborted', by: aborted.by, because: aborted.reason }], rejects };
  }
  const triggered = evidence.guardrails.filter(({ action, status }) => action === 'rollback' && status === 'triggered');
  if (triggered.length > 0) {
    return {
      reasons: triggered.map(({ name, status, detail }) => ({ kind: 'guardrail', name, status, detail })),
      rejects: hadTraffic(state),
    };
  }
  if (state.stage < 0 && readiness?.failed === true) {
    return { reasons: [{ kind: 'tests-failed', ...optional('problem', readiness.problem) }], rejects: true };
  }
  const failed = whatTheCohortSaw(plan, state, evidence);
  if (failed !== undefined) {
    return { reasons: [failed], rejects: true };
  }
  const harm = judgementsOf(state, evidence).find(({ judgement }) => judgement.verdict === 'roll back');
  if (harm !== undefined) {
    return { reasons: [{ kind: 'evidence', judged: judgedReason(harm) }], rejects: true };
  }
  if (state.stage < 0 && state.replay?.failed !== undefined) {
    return { reasons: [{ kind: 'replay-failed', problem: state.replay.failed }], rejects: false };
  }
  const refused = evidence.gates?.find(({ verdict }) => verdict === 'fail');
  if (refused !== undefined) {
    return { reasons: [{ kind: 'gate', name: refused.name, verdict: 'fail', detail: refused.reason }], rejects: true };
  }
  const reason = whyItMayNotGoOn(plan, state, evidence, now);
  return reason && { reasons: [reason], rejects: false };
}

/**
 * The cohort has nobody to be compared with, and may be too few people for an alarm: a candidate that fails a good part of what they send
 * is not for anybody else. It is no evidence, so that what is about as frequent at production is not held against it.
 */
function whatTheCohortSaw(plan: RolloutPlan, { stage }: State, { candidate, production }: Evidence): Reason | undefined {
  const cohort = cohortIn(plan, stage);
  if (cohort === undefined || candidate === undefined || candidate.requests < Math.max(1, cohort.minimumRequests)) {
    return undefined;
  }
  const { requests, failures } = candidate;
  const usual = production === undefined || production.requests === 0 ? 0 : production.failures / production.requests;
  return failures > requests * Math.max(cohort.maximumErrorPercent / 100, 2 * usual)
    ? { kind: 'cohort-failed', requests, failures, maxPercent: cohort.maximumErrorPercent }
    : undefined;
}

/** What ends the rollout without speaking against the candidate. */
function whyItMayNotGoOn(plan: RolloutPlan, state: State, evidence: Evidence, now: number): Reason | undefined {
  const { readiness } = evidence;
  const waited = now - state.startedAt;
  if (state.stage < 0 && !state.prepared && readiness?.ready !== true && waited >= plan.readinessSeconds * 1_000) {
    return { kind: 'never-ready', seconds: plan.readinessSeconds, ...optional('problem', readiness?.problem) };
  }
  const hopeless =
    state.stage < 0 && (state.prepared || readiness?.ready === true) && state.promotion === undefined
      ? whyItCannotEnd(plan, state, evidence, now)
      : undefined;
  if (hopeless !== undefined) {
    return hopeless;
  }
  if (waited >= plan.deadlineSeconds * 1_000) {
    return {
      kind: 'deadline', deadlineSeconds: plan.deadlineSeconds, plannedSeconds: stagesTotal(plan), percent: percentOf(plan, state.stage),
      ...optional('missing', whatIsMissing(plan, state, evidence, now)),
    };
  }
  const few =
    bakeIsOver(plan, state, now) && plan.tooFewRequests === 'rollback' && evidence.candidate !== undefined
      ? tooFew(plan, state, evidence.candidate)
      : undefined;
  if (few !== undefined) {
    return few;
  }
  const open = plan.replay?.uncertified === 'rollback' ? whatTheReplayLeavesOpen(state, evidence) : undefined;
  if (open !== undefined) {
    return open;
  }
  const judged = judgedAs(plan, state);
  const judgement = state.stage < 0 ? evidence.shadow?.judgement : evidence.judgement;
  return judged?.plan.judgement?.uncertified.policy === 'rollback' &&
    judgement?.verdict === 'hold' &&
    !isCertified(plan, state, judgement) &&
    certificationIsOver(judged.plan, judged.state, now)
    ? uncertified(judged.plan, { of: state.stage < 0 ? 'shadow' : 'traffic', judgement }, false)
    : undefined;
}

/**
 * Why a rollout that has not begun could not end before its deadline, however good the candidate is: better known now than when it has
 * come.
 */
function whyItCannotEnd(
  plan: RolloutPlan,
  { startedAt }: State,
  { usualRequestsPerSecond: usual, foreseen = [] }: Evidence,
  now: number,
): Reason | undefined {
  const { stages, settlingSeconds = 0, minimumRequests, tooFewRequests, deadlineSeconds } = plan;
  const before = secondsBeforeLast(plan);
  if (firstStart(plan.windows, now, startedAt + deadlineSeconds * 1_000, before / 60) === undefined) {
    return { kind: 'no-window', deadlineSeconds, lastStepAfterSeconds: before };
  }
  const certain = foreseen.filter((problem) => problem.certain);
  if (certain.length > 0) {
    return { kind: 'foreseen', problems: certain.map(({ sentence }) => sentence) };
  }
  // What a replay makes certain need not be waited for.
  if (usual === undefined || tooFewRequests !== 'hold' || plan.replay !== undefined) {
    return undefined;
  }
  // What the cohort sends nobody knows before.
  const toHave = stages.map(({ percent, cohort }) => (cohort === undefined ? Math.ceil(minimumRequests / ((usual * percent) / 100)) : 0));
  const first = stages.findIndex(({ cohort }) => cohort === undefined);
  const least = stages.reduce((sum, { bakeSeconds }, index) => sum + settlingSeconds + Math.max(bakeSeconds, toHave[index]), 0);
  return least <= deadlineSeconds
    ? undefined
    : {
        kind: 'too-little-traffic',
        requestsPerSecond: usual,
        needed: minimumRequests,
        firstPercent: stages[first].percent,
        firstSeconds: toHave[first],
        seconds: Math.ceil(least),
        deadlineSeconds,
      };
}

/** From the beginning of the first step to that of the last, where nothing is waited for. */
function secondsBeforeLast({ stages, settlingSeconds, intervalSeconds, metrics }: RolloutPlan): number {
  const others = stages.slice(0, -1);
  return stagesTotal({ stages: others, settlingSeconds }) + others.length * (intervalSeconds + metrics.delaySeconds);
}

/** The first thing that the next stage lacks, or nothing. */
function whatIsMissing(plan: RolloutPlan, state: State, evidence: Evidence, now: number): Reason | undefined {
  if (state.paused !== undefined) {
    return { kind: 'paused', by: state.paused.by, ...optional('because', state.paused.reason) };
  }
  const doubtful = evidence.guardrails.find(
    ({ action, status }) => (action === 'hold' && status === 'triggered') || (action !== 'observe' && status === 'unknown'),
  );
  if (doubtful !== undefined) {
    return { kind: 'guardrail', name: doubtful.name, status: doubtful.status, detail: doubtful.detail };
  }
  return (state.stage >= 0 ? whatTheStepLacks(plan, state, evidence, now) : undefined)
    ?? whatTheReplayLacks(plan, state, evidence)
    ?? whatTheShadowLacks(plan, state, evidence, now)
    ?? whatTheNextStepWaitsFor(plan, state, evidence, now);
}

function whatTheStepLacks(
  plan: RolloutPlan,
  state: State,
  { judgement, judgementProblem, candidate }: Evidence,
  now: number,
): Reason | undefined {
  const cohort = cohortIn(plan, state.stage);
  if (cohort === undefined && isJudged(plan) && judgement === undefined) {
    return { kind: 'evidence-unknown', of: 'traffic', ...optional('problem', judgementProblem) };
  }
  if (!bakeIsOver(plan, state, now)) {
    return bakedSoFar('traffic', plan, state, now);
  }
  if (candidate === undefined) {
    return { kind: 'requests-unknown' };
  }
  const few = tooFew(plan, state, candidate);
  // What was replayed are recorded requests, and none of the cohort's.
  if (few !== undefined && plan.tooFewRequests !== 'advance' && (cohort !== undefined || !hasReplayedAll(plan, state))) {
    return few;
  }
  return judgement === undefined || isCertified(plan, state, judgement)
    ? undefined
    : whatIsUncertain(plan, state, { of: 'traffic', judgement }, now);
}

/** What people, the clock and hooks have to say. */
function whatTheNextStepWaitsFor(plan: RolloutPlan, state: State, { calendar, gates }: Evidence, now: number): Reason | undefined {
  const next = state.stage + 1;
  if (plan.stages[next]?.approval === true && (state.approved?.stage ?? -1) < next) {
    return { kind: 'approval', percent: plan.stages[next].percent };
  }
  if (!inWindow(plan.windows, now)) {
    return { kind: 'outside-windows' };
  }
  if (state.stage < 0 && firstStart(plan.windows, now, Infinity, secondsBeforeLast(plan) / 60) !== now) {
    return { kind: 'window-closes', lastStepAfterSeconds: secondsBeforeLast(plan) };
  }
  if (plan.calendars.length > 0 && calendar !== 'open') {
    return { kind: 'calendar', state: calendar };
  }
  const waiting = gates?.find(({ verdict }) => verdict === 'wait');
  return waiting && { kind: 'gate', name: waiting.name, verdict: 'wait', detail: waiting.reason };
}

/** What the replay lacks, or nothing. */
function whatTheReplayLacks(plan: RolloutPlan, state: State, evidence: Evidence): Reason | undefined {
  const { replay } = state;
  if (plan.replay === undefined || state.stage >= 0) {
    return undefined;
  }
  if (!isReplayed(replay)) {
    return {
      kind: 'replaying',
      ...(replay?.requests === undefined ? {} : { done: replay.done, total: replay.requests.total }),
      ...optional('problem', replay?.waits?.problem),
    };
  }
  const open = whatTheReplayLeavesOpen(state, evidence);
  const goesOn = plan.replay.uncertified === 'advance' && evidence.replay !== undefined && lacksOnlyCertification(evidence.replay);
  return open !== undefined && !goesOn ? { ...open, waits: true } : undefined;
}

/** Why a replay that is over certifies too little; nothing where it certifies all. */
function whatTheReplayLeavesOpen(
  { stage, replay }: State,
  { replay: judgement }: Evidence,
): Extract<Reason, { kind: 'uncertified-replay' }> | undefined {
  if (stage >= 0 || !isReplayed(replay)) {
    return undefined;
  }
  const requests = replay!.requests!.total;
  if (judgement === undefined) {
    return { kind: 'uncertified-replay', requests, waits: false };
  }
  return reasonsLeft(judgement, (name) => replay!.certified.includes(name)).length === 0
    ? undefined
    : { kind: 'uncertified-replay', requests, judged: judgedReason({ of: 'replay', judgement }), waits: false };
}

/** Everything of a replay was certain: as many requests as there were recorded count as the candidate's. */
function hasReplayedAll(plan: RolloutPlan, { replay }: State): boolean {
  return (
    plan.replay !== undefined && isReplayed(replay) && replay!.certified.length >= guardrailsOfReplay(plan, replay!.requests!.labelled)
  );
}

function guardrailsOfReplay({ replay }: RolloutPlan, labelled: number): number {
  return 2 + Number(replay?.agreement !== undefined) + Number(labelled > 0);
}

/** Whether nothing but certainty lacks, of what a replay has been certain of: that counts in every stage. */
function isCertified(plan: RolloutPlan, { stage, replay }: State, judgement: Judgement | undefined): boolean {
  return (
    stage >= 0 &&
    replay !== undefined &&
    judgement?.verdict === 'hold' &&
    judgement.reasons.length > 0 &&
    reasonsLeft(judgement, (name) =>
      replay.certified.includes(replayedAs(plan.guardrails.find((guardrail) => guardrail.name === name)) ?? ''),
    ).length === 0
  );
}

/** By what of a replay the same is judged. */
function replayedAs(guardrail: GuardrailPlan | undefined): ReplayGuardrail | undefined {
  return guardrail !== undefined && isEvidence(guardrail) ? kindOf(guardrail).replayed : undefined;
}

/** What the shadow stage lacks, or nothing: certified agreement is what permits the first traffic. */
function whatTheShadowLacks(plan: RolloutPlan, state: State, { shadow }: Evidence, now: number): Reason | undefined {
  if (plan.shadow === undefined || state.stage >= 0) {
    return undefined;
  }
  const judged = judgedAs(plan, state);
  if (judged === undefined) {
    return { kind: 'not-shadowed' };
  }
  if (!bakeIsOver(judged.plan, judged.state, now)) {
    return bakedSoFar('shadow', judged.plan, judged.state, now);
  }
  return shadow?.judgement === undefined
    ? { kind: 'evidence-unknown', of: 'shadow', ...optional('problem', shadow?.judgementProblem) }
    : whatIsUncertain(judged.plan, judged.state, { of: 'shadow', judgement: shadow.judgement }, now);
}

/** A judgement, and of what it is one. */
interface Judging {
  readonly of: Judged;
  readonly judgement: Judgement;
}

/** What is judged now: replay and shadow before any traffic, the comparison of both versions after. */
function judgementsOf({ stage }: Pick<State, 'stage'>, { judgement, replay, shadow }: Evidence): Judging[] {
  const now: readonly [Judged, Judgement | undefined][] =
    stage < 0
      ? [
          ['replay', replay],
          ['shadow', shadow?.judgement],
        ]
      : [['traffic', judgement]];
  return now.flatMap(([of, each]) => (each === undefined ? [] : [{ of, judgement: each }]));
}

function judgedReason({ of, judgement: { verdict, reasons, sentence, attributedTo } }: Judging): JudgedReason {
  return { of, verdict, because: reasons, ...(verdict === 'roll back' ? optional('guardrail', attributedTo) : {}), text: sentence };
}

/** What is judged as a stage: the shadow before any traffic, once it has begun. */
function judgedAs(plan: RolloutPlan, state: State): { readonly plan: RolloutPlan; readonly state: State } | undefined {
  if (state.stage >= 0 || plan.shadow === undefined) {
    return { plan, state };
  }
  const shadow = shadowRollout({ ...state, plan });
  return shadow && { plan: shadow.plan, state: shadow };
}

/** What the evidence lacks for the next stage, or nothing. */
function whatIsUncertain(plan: RolloutPlan, state: State, judging: Judging, now: number): Reason | undefined {
  const { judgement } = judging;
  if (judgement.verdict === 'advance-permitted') {
    return undefined;
  }
  if (judgement.verdict !== 'hold' || !certificationIsOver(plan, state, now) || plan.judgement?.uncertified.policy === 'rollback') {
    return { kind: 'evidence', judged: judgedReason(judging) };
  }
  const worse = isLast(plan, state) ? judgement.guardrails.find(({ looksWorse }) => looksWorse === true) : undefined;
  if (worse !== undefined) {
    return { ...uncertified(plan, judging, true), worse: worse.name };
  }
  return plan.judgement?.uncertified.policy === 'advance' && lacksOnlyCertification(judgement)
    ? undefined
    : uncertified(plan, judging, true);
}

/** Whether a plan waits for evidence. */
export function isJudged(plan: Pick<RolloutPlan, 'guardrails' | 'judgement'>): boolean {
  return evidenceGuardrails(plan).length > 0 || plan.judgement?.sampleRatio !== undefined;
}

/** The stage has baked, and had the time beyond that in which certification is awaited. */
function certificationIsOver(plan: RolloutPlan, state: State, now: number): boolean {
  return plan.judgement !== undefined && state.stage >= 0
    && bakedSeconds(state, plan, now) >= plan.stages[state.stage].bakeSeconds + plan.judgement.uncertified.afterSeconds;
}

/**
 * After it comes all traffic: what cannot be told yet is waited for there, where an earlier stage leaves it to the next, which sees more.
 */
function isLast({ stages }: RolloutPlan, { stage }: State): boolean {
  return stage === stages.length - 1;
}

/** Nothing is suspicious, silent or too short: there was only too little to prove health by. */
function lacksOnlyCertification(judgement: Judgement): boolean {
  return reasonsLeft(judgement, () => true).length === 0;
}

/** What stands against going on, without what lacks certainty and has it elsewhere. */
function reasonsLeft({ reasons }: Judgement, isCertain: (guardrail: string) => boolean): readonly JudgeReason[] {
  return reasons.filter(({ kind, guardrail }) => !(kind === 'uncertified' && guardrail !== undefined && isCertain(guardrail)));
}

function uncertified(plan: RolloutPlan, judging: Judging, waits: boolean): Extract<Reason, { kind: 'uncertified' }> {
  return { kind: 'uncertified', judged: judgedReason(judging), afterSeconds: plan.judgement?.uncertified.afterSeconds ?? 0, waits };
}

function bakeIsOver(plan: RolloutPlan, state: State, now: number): boolean {
  return state.stage >= 0 && bakedSeconds(state, plan, now) >= plan.stages[state.stage].bakeSeconds;
}

/** How much of its bake time a stage has behind it, and what stops the clock: a share that is fresh, or that is gone. */
function bakedSoFar(of: Judged, plan: RolloutPlan, state: State, now: number): Reason {
  const { from, until } = state.shares?.at(-1) ?? { from: state.stageStartedAt, until: Infinity };
  const { settlingSeconds = 0 } = plan;
  const settles = now < from + settlingSeconds * 1_000 ? 'settling' as const : undefined;
  return {
    kind: 'baking', of, seconds: Math.floor(bakedSeconds(state, plan, now)), ofSeconds: plan.stages[state.stage].bakeSeconds,
    ...optional('stopped', now >= until ? 'lease' as const : settles), settlingSeconds,
  };
}

function tooFew(plan: RolloutPlan, state: State, { requests }: Counts): Reason | undefined {
  const needed = cohortIn(plan, state.stage)?.minimumRequests ?? plan.minimumRequests;
  return state.stage >= 0 && requests < needed
    ? { kind: 'too-few-requests', requests, needed }
    : undefined;
}

function areImpossible({ requests, failures }: Counts): boolean {
  return !([requests, failures].every((count) => Number.isFinite(count) && count >= 0) && failures <= requests);
}
