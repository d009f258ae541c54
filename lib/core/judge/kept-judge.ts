import { isAlike } from './alike';
import { Judge } from './judge';
import type { Judgement, Standing } from './judgement';
import type { Period } from './period';
import type { JudgePlan } from './plan';
import { timeline } from './timeline';

/**
 * A judge who is kept from one judgement of a rollout to the next, and is told only what is new. Nothing depends on its memory: where a
 * period that it knows has changed or is gone, or the plan is another one, it begins anew, and its judgement is always that of `judge`.
 */
export class KeptJudge {
  private known: { readonly judge: Judge; readonly plan: JudgePlan; readonly periods: readonly Period[] } | undefined;

  judgement(plan: JudgePlan, periods: readonly Period[], standing: Standing): Judgement {
    const line = timeline(plan, periods, standing.closedUntil);
    return this.after(plan, line.periods).judgement(standing, line.problems);
  }

  private after(plan: JudgePlan, periods: readonly Period[]): Judge {
    const { known } = this;
    const goesOn =
      known !== undefined && isAlike(known.plan, plan) && known.periods.every((period, index) => isAlike(period, periods[index]));
    // One that fails half-way is not asked again.
    this.known = undefined;
    const judge = goesOn ? known.judge : new Judge(plan);
    periods.slice(goesOn ? known.periods.length : 0).forEach((period) => judge.add(period));
    this.known = { judge, plan, periods };
    return judge;
  }
}
