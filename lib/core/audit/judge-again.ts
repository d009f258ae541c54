import type { Judgement } from '../judge/judgement';
import { judgeReplay } from '../replay/judge-replay';
import { replayed } from '../replay/progress';
import { decide } from '../rollout/decide';
import type { Evidence } from '../rollout/evidence';
import { judgeRollout, KeptJudges } from '../rollout/judge-rollout';
import type { RolloutPlan } from '../rollout/plan';
import { shadowRollout } from '../rollout/shadow-stage';
import type { RolloutState } from '../rollout/state';
import { type KnownReadings, type Reading, unkept } from './readings';
import type { EvidenceRecord, RecordedState } from './record';

/** Judges records again, in their order, from nothing but themselves. */
export class SecondJudge {
  private readonly judges = { comparison: new KeptJudges(), shadow: new KeptJudges() };
  private known: KnownReadings | undefined;
  private plan: RolloutPlan | undefined;

  /** What is different when the decision of a record is made anew from what it was made of; nothing where it is the same. */
  judgeAgain(record: EvidenceRecord, sha256: string): string[] {
    this.plan = record.plan ?? this.plan;
    if (this.plan === undefined) {
      return ['there is no plan, in this record or before'];
    }
    const [state, observed] = [record.state, record.observed ?? record.state].map((each) => rolloutState(each, this.plan!));
    try {
      const readings = record.readings === undefined ? {} : unkept(record.readings, this.known);
      this.known = record.readings === undefined ? this.known : { sha256, readings };
      const anew = this.evidence(record, observed, readings);
      const decided = decide(this.plan, state, anew.evidence, record.decision.at);
      const { evidence: _anew, ...now } = decided;
      const { evidence: _then, ...then } = record.decision;
      return [
        ...anew.differences,
        ...(isSame(now, then) ? [] : [`it is "${decided.sentence}" and was "${record.decision.sentence}"`]),
      ];
    } catch (error) {
      return [`it cannot be judged: ${(error as Error).message}`];
    }
  }

  /** The evidence with every judgement made anew. */
  private evidence(
    { decision: { evidence } }: EvidenceRecord,
    observed: RolloutState,
    { comparison, shadow: mirrored }: { readonly comparison?: Reading; readonly shadow?: Reading },
  ): { readonly evidence: Evidence; readonly differences: string[] } {
    const differences: string[] = [];
    const same = (what: string, then: Judgement | undefined, judge: () => Judgement | undefined): Judgement | undefined => {
      if (then === undefined) {
        return undefined;
      }
      const now = judge();
      if (now === undefined) {
        differences.push(`the judgement of the ${what} is there, but not what it was made of`);
        return then;
      }
      if (!isSame(now, then)) {
        differences.push(`the judgement of the ${what} is "${now.sentence}" and was "${then.sentence}"`);
      }
      return now;
    };
    const judged = (rollout: RolloutState | undefined, reading: Reading | undefined, judges: KeptJudges): Judgement | undefined =>
      rollout && reading && judgeRollout(rollout, reading.series, reading.time, reading.cells, judges);
    const { plan, replay } = observed;
    const judgement = same('comparison', evidence.judgement, () => judged(observed, comparison, this.judges.comparison));
    const shadowed = same('shadow stage', evidence.shadow?.judgement, () =>
      judged(shadowRollout(observed) as RolloutState | undefined, mirrored, this.judges.shadow));
    const replayAgain = same('replay', evidence.replay, () => plan.replay && replay && judgeReplay(plan.replay, replayed(replay)));
    return {
      evidence: {
        ...evidence,
        ...(judgement === undefined ? {} : { judgement }),
        ...(shadowed === undefined ? {} : { shadow: { ...evidence.shadow, judgement: shadowed } }),
        ...(replayAgain === undefined ? {} : { replay: replayAgain }),
      },
      differences,
    };
  }
}

function rolloutState(state: RecordedState, plan: RolloutPlan): RolloutState {
  return { ...state, plan };
}

/** Another machine may round the last digit of a logarithm differently. */
const ROUNDING = 1e-9;

/** Whether two values are the same to JSON, but for rounding. */
function isSame(one: unknown, other: unknown): boolean {
  return isAlike(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)));
}

function isAlike(one: unknown, other: unknown): boolean {
  if (typeof one === 'number' && typeof other === 'number') {
    return one === other || Math.abs(one - other) <= ROUNDING * Math.max(Math.abs(one), Math.abs(other));
  }
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    return one === other;
  }
  const [names, others] = [Object.keys(one), Object.keys(other)];
  return names.length === others.length && names.every((name) =>
    isAlike((one as { [name: string]: unknown })[name], (other as { [name: string]: unknown })[name]));
}
