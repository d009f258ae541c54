import type { Decision, Verdict } from '../../../lib/core/rollout/decision';
import type { GuardrailReading } from '../../../lib/core/rollout/evidence';
import type { Rejection, RolloutState, StoredDecision } from '../../../lib/core/rollout/state';

/** A record that cannot be shown; other records can. */
export class UnreadableRecordError extends Error {
  override readonly name = 'UnreadableRecordError';
}

type Fields = { readonly [key: string]: unknown };

const VERDICTS: readonly unknown[] = ['advance', 'hold', 'promote', 'roll back', 'invalid'] satisfies Verdict[];
const STATUSES: readonly unknown[] = ['ok', 'triggered', 'unknown'] satisfies GuardrailReading['status'][];
const RESULTS: readonly unknown[] = ['promoted', 'rolled back', 'superseded'];

/** Read a rollout's state as far as it is shown. Throws {@link UnreadableRecordError} with the place and the reason. */
export function parseState(json: string): RolloutState {
  const state = document(json);
  if (state.schema !== 1) {
    throw new UnreadableRecordError(`schema is ${JSON.stringify(state.schema)}; this version of the command understands 1`);
  }
  texts(state, '', 'id', 'alias');
  numbers(state, '', 'startedAt', 'stage', 'stageStartedAt', 'decisions');
  for (const variant of ['production', 'candidate']) {
    texts(fields(state[variant], variant), `${variant}.`, 'version');
  }
  const plan = fields(state.plan, 'plan');
  texts(plan, 'plan.', 'kind');
  numbers(plan, 'plan.', 'deadlineSeconds', 'intervalSeconds');
  list(plan.guardrails, 'plan.guardrails').forEach((guardrail, index) =>
    texts(fields(guardrail, `plan.guardrails[${index}]`), `plan.guardrails[${index}].`, 'name', 'action'));
  const stages = list(plan.stages, 'plan.stages');
  stages.forEach((stage, index) => numbers(fields(stage, `plan.stages[${index}]`), `plan.stages[${index}].`, 'percent', 'bakeSeconds'));
  need(stages.length > 0, 'plan.stages is empty');
  need(Number.isInteger(state.stage) && (state.stage as number) >= -1 && (state.stage as number) <= stages.length, `stage is ${String(state.stage)} of ${stages.length}`);
  for (const order of ['paused', 'promotion'].filter((name) => state[name] !== undefined)) {
    texts(fields(state[order], order), `${order}.`, 'by');
    numbers(fields(state[order], order), `${order}.`, 'at');
  }
  if (state.approved !== undefined) {
    numbers(fields(state.approved, 'approved'), 'approved.', 'stage');
  }
  if (state.baseline !== undefined) {
    list(fields(state.baseline, 'baseline').notes, 'baseline.notes').forEach((note, index) => need(typeof note === 'string', `baseline.notes[${index}] is not a text`));
  }
  if (state.last !== undefined) {
    checkDecision(state.last, 'last');
  }
  if (state.outcome !== undefined) {
    const outcome = fields(state.outcome, 'outcome');
    need(RESULTS.includes(outcome.result), `outcome.result is ${JSON.stringify(outcome.result)}`);
    texts(outcome, 'outcome.', 'sentence');
    numbers(outcome, 'outcome.', 'at');
  }
  return state as unknown as RolloutState;
}

export function parseStoredDecision(json: string): StoredDecision {
  const stored = document(json);
  texts(stored, '', 'rolloutId', 'version');
  checkDecision(stored.decision, 'decision');
  return stored as unknown as StoredDecision;
}

export function parseRejection(json: string): Rejection {
  const rejection = document(json);
  texts(rejection, '', 'version', 'reason');
  numbers(rejection, '', 'at');
  return rejection as unknown as Rejection;
}

function checkDecision(value: unknown, at: string): asserts value is Decision {
  const decision = fields(value, at);
  need(VERDICTS.includes(decision.verdict), `${at}.verdict is ${JSON.stringify(decision.verdict)}`);
  texts(decision, `${at}.`, 'sentence');
  numbers(decision, `${at}.`, 'at', 'stage', 'percent');
  const evidence = fields(decision.evidence, `${at}.evidence`);
  list(evidence.guardrails, `${at}.evidence.guardrails`).forEach((value, index) => {
    const place = `${at}.evidence.guardrails[${index}]`;
    const guardrail = fields(value, place);
    texts(guardrail, `${place}.`, 'name', 'action', 'detail');
    need(STATUSES.includes(guardrail.status), `${place}.status is ${JSON.stringify(guardrail.status)}`);
  });
  if (evidence.judgement !== undefined) {
    const judgement = fields(evidence.judgement, `${at}.evidence.judgement`);
    texts(judgement, `${at}.evidence.judgement.`, 'verdict', 'sentence');
    list(judgement.guardrails, `${at}.evidence.judgement.guardrails`).forEach((guardrail, index) =>
      texts(fields(guardrail, `${at}.evidence.judgement.guardrails[${index}]`), `${at}.evidence.judgement.guardrails[${index}].`, 'name', 'action', 'sentence'));
  }
  for (const counts of ['candidate', 'production'].filter((name) => evidence[name] !== undefined)) {
    numbers(fields(evidence[counts], `${at}.evidence.${counts}`), `${at}.evidence.${counts}.`, 'requests', 'failures');
  }
}

function document(json: string): Fields {
  try {
    return fields(JSON.parse(json), 'the record');
  } catch (error) {
    throw error instanceof UnreadableRecordError ? error : new UnreadableRecordError(`it is not JSON: ${(error as Error).message}`);
  }
}

function fields(value: unknown, at: string): Fields {
  need(value !== null && typeof value === 'object' && !Array.isArray(value), `${at} is not an object`);
  return value as Fields;
}

function list(value: unknown, at: string): readonly unknown[] {
  need(Array.isArray(value), `${at} is not a list`);
  return value as readonly unknown[];
}

function texts(from: Fields, at: string, ...names: string[]): void {
  names.forEach((name) => need(typeof from[name] === 'string', `${at}${name} is not a text`));
}

function numbers(from: Fields, at: string, ...names: string[]): void {
  names.forEach((name) => need(Number.isFinite(from[name]), `${at}${name} is not a number`));
}

function need(holds: boolean, problem: string): void {
  if (!holds) {
    throw new UnreadableRecordError(problem);
  }
}
