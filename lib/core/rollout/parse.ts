import type { Decision, Verdict } from './decision';
import type { GuardrailReading } from './evidence';
import type { RolloutPlan } from './plan';
import type { Rejection, RolloutState, StoredDecision } from './state';

/** A record that is not understood: written by another version of the package, or damaged. The message says where and why. */
export class UnreadableRecordError extends Error {
  override readonly name = 'UnreadableRecordError';
}

type Fields = { readonly [key: string]: unknown };

const VERDICTS: readonly unknown[] = ['advance', 'hold', 'promote', 'roll back', 'invalid'] satisfies Verdict[];
const STATUSES: readonly unknown[] = ['ok', 'triggered', 'unknown'] satisfies GuardrailReading['status'][];
const RESULTS: readonly unknown[] = ['promoted', 'rolled back', 'superseded'];

/**
 * The schema of plans and states. What a version adds is optional, so that rollouts of the version before go on; another schema is refused.
 */
const SCHEMA = 1;

/** The plan in an alias's custom resource. */
export function parsePlan(json: string): RolloutPlan {
  const plan = document(json);
  checkPlan(plan, '');
  return plan as unknown as RolloutPlan;
}

/** The preview alias of a plan, whatever version wrote it: what is deleted need not be understood. */
export function previewAliasOf(plan: string): string | undefined {
  const { previewAlias } = JSON.parse(plan) as { readonly previewAlias?: unknown };
  return typeof previewAlias === 'string' ? previewAlias : undefined;
}

/** A rollout's state as the table keeps it. */
export function parseState(json: string): RolloutState {
  const state = document(json);
  checkSchema(state, '');
  texts(state, '', 'id', 'alias');
  numbers(state, '', 'startedAt', 'stage', 'stageStartedAt', 'decisions');
  for (const variant of ['production', 'candidate']) {
    texts(fields(state[variant], variant), `${variant}.`, 'version');
  }
  const stages = checkPlan(fields(state.plan, 'plan'), 'plan.');
  need(
    Number.isInteger(state.stage) && (state.stage as number) >= -1 && (state.stage as number) <= stages.length,
    `stage is ${String(state.stage)} of ${stages.length}`,
  );
  for (const order of ['paused', 'promotion'].filter((name) => state[name] !== undefined)) {
    texts(fields(state[order], order), `${order}.`, 'by');
    numbers(fields(state[order], order), `${order}.`, 'at');
  }
  if (state.approved !== undefined) {
    numbers(fields(state.approved, 'approved'), 'approved.', 'stage');
  }
  if (state.baseline !== undefined) {
    // A controller before this one wrote texts, which name no guardrail.
    list(fields(state.baseline, 'baseline').notes, 'baseline.notes').filter((note) => typeof note !== 'string').forEach((note, index) =>
      texts(fields(note, `baseline.notes[${index}]`), `baseline.notes[${index}].`, 'guardrail', 'text'));
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

/** Checks what every version of a plan has, and returns its stages. `at` is where it stands. */
function checkPlan(plan: Fields, at: string): readonly unknown[] {
  checkSchema(plan, at);
  texts(plan, at, 'kind');
  numbers(plan, at, 'deadlineSeconds', 'intervalSeconds');
  list(plan.guardrails, `${at}guardrails`).forEach((guardrail, index) =>
    texts(fields(guardrail, `${at}guardrails[${index}]`), `${at}guardrails[${index}].`, 'name', 'action'));
  const stages = list(plan.stages, `${at}stages`);
  stages.forEach((stage, index) => numbers(fields(stage, `${at}stages[${index}]`), `${at}stages[${index}].`, 'percent', 'bakeSeconds'));
  need(stages.length > 0, `${at}stages is empty`);
  return stages;
}

function checkSchema({ schema }: Fields, at: string): void {
  need(
    schema === SCHEMA,
    `${at}schema is ${JSON.stringify(schema)}, but this version of cdk-model-rollout understands ${SCHEMA}; use the version that wrote `
      + 'it, or a later one',
  );
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
      texts(
        fields(guardrail, `${at}.evidence.judgement.guardrails[${index}]`),
        `${at}.evidence.judgement.guardrails[${index}].`,
        'name',
        'action',
        'sentence',
      ),
    );
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
