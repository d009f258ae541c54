import type { Pair } from '../../lib/core/comparison/asked';
import { type Better, judgeEvents, type JudgeEvent, verdictOf } from '../../lib/core/comparison/judge';
import { type ComparisonOutcome, judged } from '../../lib/core/comparison/outcome';
import type { JudgePlan } from '../../lib/core/comparison/plan';
import { sum } from '../../lib/core/sum';
import type { JudgeBudget, NoRoom } from './judge-budget';

/** What a judge said to one order of a pair. */
export interface Judged {
  /** Absent: nothing that could be read. */
  readonly better?: Better;
  /** Why there is no answer. */
  readonly failed?: ComparisonOutcome;
  /** Tokens in and out that it took; absent where nobody said, or counts them. */
  readonly tokens?: number;
}

/** A judge, whoever it is. */
export interface Judge {
  /** A pair as the judge is shown it. */
  shown(pair: Pair): Pair | ComparisonOutcome;
  /** Most tokens in and out that a question may take; 0 for who takes none. */
  mostTokens(event: JudgeEvent): number;
  /** Never rejects, and never takes longer than it may. */
  ask(event: JudgeEvent): Promise<Judged>;
}

export interface JudgePorts {
  readonly judge: Judge;
  readonly budget: Pick<JudgeBudget, 'take' | 'giveBack'>;
}

/** A pair that has been judged, and what that took. */
export interface JudgedPair {
  readonly outcome: ComparisonOutcome;
  /** Absent where nobody counts them. */
  readonly tokens?: number;
}

/** Ask a judge about a pair, in both orders. What it fails to say is an outcome of its own, and no verdict. */
export async function judgePair(plan: JudgePlan, pair: Pair, { judge, budget }: JudgePorts): Promise<JudgedPair> {
  const shown = judge.shown(pair);
  if ('kind' in shown) {
    return { outcome: shown };
  }
  // Nobody has to be paid to find that neither is better.
  if (Buffer.compare(shown.production, shown.shadow) === 0) {
    return { outcome: judged('tie') };
  }
  const events = judgeEvents(shown, plan.withRequest);
  const most = events.map((event) => judge.mostTokens(event));
  const room = await budget.take(sum(most));
  if (typeof room === 'string') {
    return { outcome: { kind: 'not judged', reason: REASONS[room](plan) } };
  }
  const [one, other] = await Promise.all(events.map((event) => judge.ask(event)));
  const used = [one, other].map(({ tokens }) => tokens);
  // Of a question that nobody counted, all is gone that it can have taken.
  await budget.giveBack(room, sum(used.map((tokens, index) => tokens ?? most[index])));
  return {
    outcome: one.failed ?? other.failed ?? verdictOf(one.better, other.better),
    ...(used.some((tokens) => tokens !== undefined) && { tokens: sum(used.map((tokens) => tokens ?? 0)) }),
  };
}

const REASONS: { readonly [why in NoRoom]: (plan: JudgePlan) => string } = {
  pairs: ({ maximumPerDay }) => `the judge is asked about at most ${maximumPerDay} pairs a day`,
  tokens: ({ by }) => `the judge may take at most ${by.kind === 'function' ? 0 : by.maximumTokensPerDay} tokens a day`,
  table: () => 'the table that counts what the judge is asked did not answer',
};
