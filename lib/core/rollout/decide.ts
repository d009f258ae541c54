import type { Judgement } from '../judge/judgement';
import { ReplayGuardrail } from '../replay/judge-replay';
import { isReplayed } from '../replay/progress';
import { evidenceGuardrails } from './baseline';
import type { Counts, Evidence, GateReading } from './evidence';
import type { GuardrailPlan, RolloutPlan } from './plan';
import { shadowRollout } from './shadow-stage';
import { bakedSeconds } from './shares';
import type { RolloutState } from './state';
import { firstStart, inWindow } from './window';
import { duration } from '../text';
import type { Decision, Verdict } from './decision';
import { hadTraffic, percentOf, stagesTotal } from './stages';

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
  readonly sentence: string;
  readonly rejects: boolean;
}

type State = Pick<RolloutState, 'stage' | 'stageStartedAt' | 'startedAt' | 'shares' | 'prepared' | 'paused' | 'promotion' | 'approved' | 'replay' | 'shadow'>;

/**
 * The one place where a rollout's next move is decided: a pure function, so that the same code decides in AWS, in tests and in a
 * rehearsal. What speaks against the candidate comes first, what people say second, then what is still missing for the next stage;
 * nothing that is missing or unknown ever lets the rollout advance.
 */
export function decide(plan: RolloutPlan, state: State, evidence: Evidence, now: number): Decision {
  const to = (verdict: Verdict, sentence: string, rejects = false): Decision => {
    const stage = stageAfter(verdict, plan, state);
    return { verdict, sentence, at: now, stage, percent: verdict === 'promote' ? 100 : percentOf(plan, stage), rejects, evidence };
  };

  const against = whatSpeaksAgainst(plan, state, evidence, now);
  if (against !== undefined) {
    return to('roll back', `rolled back: ${against.sentence}`, against.rejects);
  }
  const impossible = [evidence.candidate, evidence.production].map((counts) => counts && impossibleCounts(counts)).find(Boolean);
  if (impossible !== undefined) {
    return to('invalid', `holding at ${share(plan, state)}: ${impossible}`);
  }
  const judgements = judgementsOf(state, evidence);
  const invalid = judgements.find(({ verdict }) => verdict === 'invalid');
  if (invalid !== undefined && state.promotion === undefined) {
    return to('invalid', `holding at ${share(plan, state)}: ${said(invalid)}`);
  }
  const ready = state.prepared || evidence.readiness?.ready === true;
  if (state.promotion !== undefined && ready) {
    return to('promote', `promoted: ${state.promotion.by} asked for it${because(state.promotion.reason)}`);
  }
  const missing = state.stage < 0 && !ready ? evidence.readiness?.problem ?? 'the candidate has not been asked yet' : whatIsMissing(plan, state, evidence, now);
  if (missing !== undefined) {
    return to('hold', `holding at ${share(plan, state)}: ${missing}`);
  }
  const { requests, failures } = evidence.candidate ?? { requests: 0, failures: 0 };
  const answered = state.stage < 0 ? ['the candidate is ready', ...(evidence.baseline?.notes ?? []), ...(evidence.foreseen ?? []).map(({ sentence }) => sentence)].join('; ') : `the candidate answered ${requests - failures} of ${requests} requests`;
  const proof = judgements.map((judgement) => `; ${said(judgement)}`).join('');
  const told = (evidence.gates ?? []).flatMap((gate) => (gate.told === true ? [`; ${gate.reason}`] : [])).join('');
  return state.stage + 1 < plan.stages.length
    ? to('advance', `advancing from ${share(plan, state)} to ${format(percentOf(plan, state.stage + 1))} %: ${answered}${proof}${told}`)
    : to('promote', `promoted: ${answered} in the last stage and no guardrail stood against it${proof}${told}`);
}

function whatSpeaksAgainst(plan: RolloutPlan, state: State, evidence: Evidence, now: number): Objection | undefined {
  const { readiness } = evidence;
  const triggered = evidence.guardrails.filter(({ action, status }) => action === 'rollback' && status === 'triggered');
  if (triggered.length > 0) {
    return { sentence: triggered.map(({ name, detail }) => `guardrail ${name}: ${detail}`).join('; '), rejects: hadTraffic(state) };
  }
  if (state.stage < 0 && readiness?.failed === true) {
    return { sentence: readiness.problem ?? 'the candidate failed its tests before traffic', rejects: true };
  }
  const harm = judgementsOf(state, evidence).find(({ verdict }) => verdict === 'roll back');
  if (harm !== undefined) {
    return { sentence: `${beforeTraffic(plan, state)}${said(harm)}`, rejects: true };
  }
  if (state.stage < 0 && state.replay?.failed !== undefined) {
    return { sentence: `the recorded requests cannot be replayed: ${state.replay.failed}`, rejects: false };
  }
  const refused = evidence.gates?.find(({ verdict }) => verdict === 'fail');
  if (refused !== undefined) {
    return { sentence: describe(refused), rejects: true };
  }
  const waited = now - state.startedAt;
  if (state.stage < 0 && !state.prepared && readiness?.ready !== true && waited >= plan.readinessSeconds * 1_000) {
    return {
      sentence: `the candidate was not ready within ${duration(plan.readinessSeconds)}: ${readiness?.problem ?? 'it could not be asked'}`,
      rejects: false,
    };
  }
  const hopeless = state.stage < 0 && (state.prepared || readiness?.ready === true) && state.promotion === undefined ? whyItCannotEnd(plan, state, evidence, now) : undefined;
  if (hopeless !== undefined) {
    return { sentence: hopeless, rejects: false };
  }
  if (waited >= plan.deadlineSeconds * 1_000) {
    const missing = whatIsMissing(plan, state, evidence, now) ?? 'the last stage ended too late';
    return {
      sentence: `the deadline of ${duration(plan.deadlineSeconds)} passed at ${share(plan, state)}: ${missing} (all steps take ${duration(stagesTotal(plan))} by themselves)`,
      rejects: false,
    };
  }
  if (bakeIsOver(plan, state, now) && plan.tooFewRequests === 'rollback' && evidence.candidate !== undefined) {
    const sentence = tooFew(plan, state, evidence.candidate);
    if (sentence !== undefined) {
      return { sentence, rejects: false };
    }
  }
  const uncertain = plan.replay?.uncertified === 'rollback' ? whatTheReplayLeavesOpen(state, evidence) : undefined;
  if (uncertain !== undefined) {
    return { sentence: `${beforeTraffic(plan, state)}${uncertain}`, rejects: false };
  }
  const judged = judgedAs(plan, state);
  const judgement = state.stage < 0 ? evidence.shadow?.judgement : evidence.judgement;
  if (judged?.plan.judgement?.uncertified.policy === 'rollback' && judgement?.verdict === 'hold' && !isCertified(plan, state, judgement) && certificationIsOver(judged.plan, judged.state, now)) {
    return { sentence: `${beforeTraffic(plan, state)}${uncertified(judged.plan, judgement)}`, rejects: false };
  }
  return undefined;
}

/** Why a rollout that has not begun could not end before its deadline, however good the candidate is: better known now than when it has come. */
function whyItCannotEnd(plan: RolloutPlan, { startedAt }: State, { usualRequestsPerSecond: usual, foreseen = [] }: Evidence, now: number): string | undefined {
  const { stages, settlingSeconds = 0, minimumRequests, tooFewRequests, deadlineSeconds } = plan;
  const before = secondsBeforeLast(plan);
  if (firstStart(plan.windows, now, startedAt + deadlineSeconds * 1_000, before / 60) === undefined) {
    return `no time window before the deadline of ${duration(deadlineSeconds)} is open for long enough: the last step begins ${duration(before)} after the first; deploy it while a window is open`;
  }
  const certain = foreseen.filter((problem) => problem.certain);
  if (certain.length > 0) {
    return certain.map(({ sentence }) => sentence).join('; ');
  }
  // What a replay makes certain need not be waited for.
  if (usual === undefined || tooFewRequests !== 'hold' || plan.replay !== undefined) {
    return undefined;
  }
  const toHave = stages.map(({ percent }) => Math.ceil(minimumRequests / ((usual * percent) / 100)));
  const least = stages.reduce((sum, { bakeSeconds }, index) => sum + settlingSeconds + Math.max(bakeSeconds, toHave[index]), 0);
  return least <= deadlineSeconds ? undefined
    : `there is too little traffic: production's busiest hour of the last day had ${Number(usual.toPrecision(2))} requests a second, at which ${minimumRequests} requests at `
      + `${format(stages[0].percent)} % take ${duration(toHave[0])} and all steps ${duration(Math.ceil(least))}, but the deadline is ${duration(deadlineSeconds)}; `
      + 'have recorded requests replayed before traffic (replay), lower minimumRequests, begin with a larger share, raise the deadline, or choose TooFewRequests.ADVANCE';
}

/** From the beginning of the first step to that of the last, where nothing is waited for. */
function secondsBeforeLast({ stages, settlingSeconds, intervalSeconds, metrics }: RolloutPlan): number {
  const others = stages.slice(0, -1);
  return stagesTotal({ stages: others, settlingSeconds }) + others.length * (intervalSeconds + metrics.delaySeconds);
}

/** The first thing that the next stage lacks, or nothing. */
function whatIsMissing(plan: RolloutPlan, state: State, evidence: Evidence, now: number): string | undefined {
  if (state.paused !== undefined) {
    return `paused by ${state.paused.by}${because(state.paused.reason)}`;
  }
  const doubtful = evidence.guardrails.find(({ action, status }) => (action === 'hold' && status === 'triggered') || (action !== 'observe' && status === 'unknown'));
  if (doubtful !== undefined) {
    return `guardrail ${doubtful.name}: ${doubtful.detail}`;
  }
  if (state.stage >= 0) {
    if (isJudged(plan) && evidence.judgement === undefined) {
      return `the evidence is not known: ${evidence.judgementProblem ?? 'it was not read'}`;
    }
    if (!bakeIsOver(plan, state, now)) {
      return bakedSoFar('baked', plan, state, now);
    }
    if (evidence.candidate === undefined) {
      return 'the number of requests is not known';
    }
    const few = tooFew(plan, state, evidence.candidate);
    if (few !== undefined && plan.tooFewRequests !== 'advance' && !hasReplayedAll(plan, state)) {
      return few;
    }
    const uncertain = isCertified(plan, state, evidence.judgement) ? undefined : whatIsUncertain(plan, state, evidence.judgement, now);
    if (uncertain !== undefined) {
      return uncertain;
    }
  }
  const lacking = whatTheReplayLacks(plan, state, evidence) ?? whatTheShadowLacks(plan, state, evidence, now);
  if (lacking !== undefined) {
    return lacking;
  }
  const next = state.stage + 1;
  if (plan.stages[next]?.approval === true && (state.approved?.stage ?? -1) < next) {
    return `waiting for approval of ${format(plan.stages[next].percent)} %`;
  }
  if (!inWindow(plan.windows, now)) {
    return 'outside the time windows in which the rollout may advance';
  }
  if (state.stage < 0 && firstStart(plan.windows, now, Infinity, secondsBeforeLast(plan) / 60) !== now) {
    return `the time window closes before the last step could begin, ${duration(secondsBeforeLast(plan))} after the first`;
  }
  if (plan.calendars.length > 0 && evidence.calendar !== 'open') {
    return evidence.calendar === 'closed' ? 'a change calendar is closed' : 'the state of a change calendar is not known';
  }
  const waiting = evidence.gates?.find(({ verdict }) => verdict === 'wait');
  return waiting && describe(waiting);
}

/** What the replay lacks, or nothing. */
function whatTheReplayLacks(plan: RolloutPlan, state: State, evidence: Evidence): string | undefined {
  const { replay } = state;
  if (plan.replay === undefined || state.stage >= 0) {
    return undefined;
  }
  if (!isReplayed(replay)) {
    const so = replay?.requests === undefined ? 'recorded requests are to be replayed first' : `replayed ${replay.done} of ${replay.requests.total} recorded requests`;
    return replay?.waits === undefined ? so : `${so}; ${replay.waits.problem}`;
  }
  const open = whatTheReplayLeavesOpen(state, evidence);
  const goesOn = plan.replay.uncertified === 'advance' && evidence.replay !== undefined && lacksOnlyCertification(evidence.replay);
  return open !== undefined && !goesOn
    ? `${beforeTraffic(plan, state)}${open}; it waits for somebody to promote it` : undefined;
}

/** Why a replay that is over certifies too little; nothing where it certifies all. */
function whatTheReplayLeavesOpen({ stage, replay }: State, { replay: judgement }: Evidence): string | undefined {
  if (stage >= 0 || !isReplayed(replay)) {
    return undefined;
  }
  if (judgement === undefined) {
    return 'nothing is known of the replay';
  }
  return reasonsLeft(judgement, (name) => replay!.certified.includes(name)).length === 0 ? undefined
    : `not certified by all ${replay!.requests!.total} recorded requests: ${said(judgement)}`;
}

/** Everything of a replay was certain: as many requests as there were recorded count as the candidate's. */
function hasReplayedAll(plan: RolloutPlan, { replay }: State): boolean {
  return plan.replay !== undefined && isReplayed(replay) && replay!.certified.length >= guardrailsOfReplay(plan, replay!.requests!.labelled);
}

function guardrailsOfReplay({ replay }: RolloutPlan, labelled: number): number {
  return 2 + Number(replay?.agreement !== undefined) + Number(labelled > 0);
}

/** Whether nothing but certainty lacks, of what a replay has been certain of: that counts in every stage. */
function isCertified(plan: RolloutPlan, { stage, replay }: State, judgement: Judgement | undefined): boolean {
  return stage >= 0 && replay !== undefined && judgement?.verdict === 'hold' && judgement.reasons.length > 0
    && reasonsLeft(judgement, (name) => replay.certified.includes(replayedAs(plan.guardrails.find((guardrail) => guardrail.name === name)) ?? '')).length === 0;
}

/** By what of a replay the same is judged. */
function replayedAs(guardrail: GuardrailPlan | undefined): ReplayGuardrail | undefined {
  switch (guardrail?.kind) {
    case 'errors': return ReplayGuardrail.FAILURES;
    case 'latency': return ReplayGuardrail.LATENCY;
    case 'agreement': return ReplayGuardrail.AGREEMENT;
    case 'feedback':
    case 'shadow-accuracy': return ReplayGuardrail.ACCURACY;
    default: return undefined;
  }
}

/** What the shadow stage lacks, or nothing: certified agreement is what permits the first traffic. */
function whatTheShadowLacks(plan: RolloutPlan, state: State, { shadow }: Evidence, now: number): string | undefined {
  if (plan.shadow === undefined || state.stage >= 0) {
    return undefined;
  }
  const judged = judgedAs(plan, state);
  if (judged === undefined) {
    return 'the candidate has not been asked as a shadow yet';
  }
  if (!bakeIsOver(judged.plan, judged.state, now)) {
    return bakedSoFar('shadowed', judged.plan, judged.state, now);
  }
  if (shadow?.judgement === undefined) {
    return `nothing is known of the shadow yet${because(shadow?.judgementProblem)}`;
  }
  const uncertain = whatIsUncertain(judged.plan, judged.state, shadow.judgement, now);
  return uncertain && `${beforeTraffic(plan, state)}${uncertain}`;
}

/** What is judged now: replay and shadow before any traffic, the comparison of both versions after. */
function judgementsOf({ stage }: Pick<State, 'stage'>, { judgement, replay, shadow }: Evidence): Judgement[] {
  return (stage < 0 ? [replay, shadow?.judgement] : [judgement]).flatMap((each) => each ?? []);
}

/** What is judged as a stage: the shadow before any traffic, once it has begun. */
function judgedAs(plan: RolloutPlan, state: State): { readonly plan: RolloutPlan; readonly state: State } | undefined {
  if (state.stage >= 0 || plan.shadow === undefined) {
    return { plan, state };
  }
  const shadow = shadowRollout({ ...state, plan });
  return shadow && { plan: shadow.plan, state: shadow };
}

function beforeTraffic(plan: RolloutPlan, { stage }: Pick<State, 'stage'>): string {
  return (plan.shadow !== undefined || plan.replay !== undefined) && stage < 0 ? 'before any traffic, ' : '';
}

/** What the evidence lacks for the next stage, or nothing. */
function whatIsUncertain(plan: RolloutPlan, state: State, judgement: Judgement | undefined, now: number): string | undefined {
  if (judgement === undefined || judgement.verdict === 'advance-permitted') {
    return undefined;
  }
  if (judgement.verdict !== 'hold' || !certificationIsOver(plan, state, now) || plan.judgement?.uncertified.policy === 'rollback') {
    return said(judgement);
  }
  const worse = isLast(plan, state) ? judgement.guardrails.find(({ looksWorse }) => looksWorse === true) : undefined;
  if (worse !== undefined) {
    return `${uncertified(plan, judgement)}; ${worse.name} looks worse than production's in the last stage, so it waits for more evidence, or for somebody to promote it`;
  }
  return plan.judgement?.uncertified.policy === 'advance' && lacksOnlyCertification(judgement)
    ? undefined
    : `${uncertified(plan, judgement)}; it waits for more evidence, or for somebody to promote it`;
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

/** After it comes all traffic: what cannot be told yet is waited for there, where an earlier stage leaves it to the next, which sees more. */
function isLast({ stages }: RolloutPlan, { stage }: State): boolean {
  return stage === stages.length - 1;
}

/** Nothing is suspicious, silent or too short: there was only too little to prove health by. */
function lacksOnlyCertification(judgement: Judgement): boolean {
  return reasonsLeft(judgement, () => true).length === 0;
}

/** What stands against going on, without what lacks certainty and has it elsewhere. */
function reasonsLeft({ guardrails, reasons }: Judgement, isCertain: (guardrail: string) => boolean): string[] {
  const settled = new Set(guardrails.filter(({ name, certified }) => certified === false && isCertain(name)).map(({ sentence }) => sentence));
  return reasons.filter((reason) => !settled.has(reason));
}

function uncertified(plan: RolloutPlan, judgement: Judgement): string {
  return `not certified ${duration(plan.judgement?.uncertified.afterSeconds ?? 0)} after the bake time: ${said(judgement)}`;
}

/** The judgement's sentence without its own name for the verdict. */
function said({ sentence }: Judgement): string {
  return sentence.replace(/^(?:roll back|hold|advance permitted): /, '');
}

function bakeIsOver(plan: RolloutPlan, state: State, now: number): boolean {
  return state.stage >= 0 && bakedSeconds(state, plan, now) >= plan.stages[state.stage].bakeSeconds;
}

/** How much of its bake time a stage has behind it, and what stops the clock: a share that is fresh, or that is gone. */
function bakedSoFar(what: string, plan: RolloutPlan, state: State, now: number): string {
  const baked = `${what} for ${duration(Math.floor(bakedSeconds(state, plan, now)))} of ${duration(plan.stages[state.stage].bakeSeconds)}`;
  const { from, until } = state.shares?.at(-1) ?? { from: state.stageStartedAt, until: Infinity };
  const { settlingSeconds = 0 } = plan;
  if (now >= until) {
    return `${baked}; the candidate has no share, because its lease ran out`;
  }
  if (now < from + settlingSeconds * 1_000) {
    return `${baked}; a fresh share settles for ${duration(settlingSeconds)} before it counts`;
  }
  return baked;
}

function tooFew(plan: RolloutPlan, state: State, { requests }: Counts): string | undefined {
  return state.stage >= 0 && requests < plan.minimumRequests
    ? `the candidate had ${requests} requests in this stage, ${plan.minimumRequests} are needed`
    : undefined;
}

function impossibleCounts({ requests, failures }: Counts): string | undefined {
  const whole = [requests, failures].every((count) => Number.isFinite(count) && count >= 0);
  return whole && failures <= requests ? undefined : `the counts contradict each other: ${failures} failures of ${requests} requests`;
}

function describe({ name, reason }: GateReading): string {
  return `${name}: ${reason}`;
}

function share(plan: RolloutPlan, state: State): string {
  return `${format(percentOf(plan, state.stage))} %`;
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : ` (${reason})`;
}

function format(percent: number): string {
  return String(Number(percent.toFixed(6)));
}
