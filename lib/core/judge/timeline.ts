import { isAlike } from './alike';
import { isOnGrid, lengthAt } from './grid';
import type { Period } from './period';
import type { JudgePlan } from './plan';

/** Why a period cannot be trusted. */
export interface Problem {
  /** Start of the period, epoch milliseconds. */
  readonly at: number;
  /** Guardrail, where it is one's alone. */
  readonly guardrail?: string;
  readonly text: string;
}

/** The periods a judgement is made from. */
export interface Timeline {
  /** Closed, in order, each once. */
  readonly periods: readonly Period[];
  readonly problems: readonly Problem[];
}

/**
 * Puts periods in order, in whatever order and however often they were read. Periods before the rollout are history; periods
 * that end after `closedUntil` are not closed yet, or stamped by a clock that runs ahead: both are left out, and a rollout whose
 * data all lie in the future is silent. Two different readings of one period, and periods off the plan's grid, are problems.
 */
export function timeline(plan: JudgePlan, periods: readonly Period[], closedUntil: number): Timeline {
  const problems: Problem[] = [];
  const byStart = new Map<number, Period>();
  const contradicted = new Set<number>();
  for (const period of periods) {
    if (!Number.isFinite(period.start)) {
      problems.push({ at: plan.start, text: `a period starts at ${period.start}` });
    } else if (
      period.start >= plan.start &&
      period.start + lengthAt(plan, (period.start - plan.start) / plan.periodMs) * plan.periodMs <= closedUntil
    ) {
      const known = byStart.get(period.start);
      if (!isOnGrid(plan, (period.start - plan.start) / plan.periodMs)) {
        problems.push({ at: period.start, text: 'a period is off the grid of periods' });
      } else if (known === undefined) {
        byStart.set(period.start, period);
      } else if (!isAlike(known, period)) {
        contradicted.add(period.start);
      }
    }
  }
  for (const start of contradicted) {
    byStart.delete(start);
    problems.push({ at: start, text: 'one period was read with two results' });
  }
  return {
    periods: [...byStart.values()].sort((a, b) => a.start - b.start),
    problems: problems.sort((a, b) => a.at - b.at || (a.text < b.text ? -1 : 1)),
  };
}
