import type { JudgePlan } from './plan';

type Grid = Pick<JudgePlan, 'coarser'>;

/** Length of the period that begins `index` of the plan's periods after its start, in these. */
export function lengthAt({ coarser = [] }: Grid, index: number): number {
  return coarser.findLast(({ after }) => index >= after)?.length ?? 1;
}

/** Whether a period may begin there. */
export function isOnGrid({ coarser = [] }: Grid, index: number): boolean {
  const { after, length } = coarser.findLast((part) => index >= part.after) ?? { after: 0, length: 1 };
  return Number.isInteger(index) && (index - after) % length === 0;
}
