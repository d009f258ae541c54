import { isWrong, type Label, type OutcomeRule } from './plan';

/** What is remembered of an inference until nobody may tell anything about it any more. */
export interface Inference {
  /** Absent while only a shadow has answered. */
  readonly answer?: Answered;
  /** Predictions of shadows that were asked the same, by name. */
  readonly shadows: { readonly [shadow: string]: ShadowAnswered };
  readonly outcome?: Told;
  /** What the last change decided, and whose it was: a writer that lost the table's answer finds out here that it had written. */
  readonly last?: { readonly by: string; readonly effect: Effect };
}

export interface Answered {
  readonly variant: string;
  readonly role: 'production' | 'candidate' | 'control';
  readonly version: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly prediction?: Label;
  /**
   * The request was not assigned to the variant: it answered in another's place, or the caller chose it. So it says nothing in a comparison
   * of versions.
   */
  readonly unassigned?: true;
}

export interface ShadowAnswered {
  readonly version: string;
  readonly prediction?: Label;
}

/** An outcome that was accepted. */
export interface Told {
  readonly value: Label;
  readonly wrong: boolean;
}

/** By how much a change moves what is counted at the time of the inference. */
export interface Effect {
  readonly outcomes: number;
  readonly wrong: number;
  /** By how much the sum of the ratings changes; absent where none are told. */
  readonly rating?: number;
  readonly pairs: readonly PairEffect[];
}

/** Of a shadow: inferences that both it and production answered, of which the outcome is known; and those that one alone got wrong. */
export interface PairEffect {
  readonly shadow: string;
  readonly version: string;
  readonly pairs: number;
  readonly onlyShadowWrong: number;
  readonly onlyProductionWrong: number;
}

/** An inference as it is after a change, and what that counts. */
export interface Change {
  readonly inference: Inference;
  readonly effect: Effect;
}

export type Verdict = 'accepted' | 'corrected' | 'duplicate' | 'conflict';

const NOTHING: Effect = { outcomes: 0, wrong: 0, pairs: [] };

/** A model has answered. The first answer under an id stays: what was told of it must not be counted for another. */
export function answered(known: Inference | undefined, answer: Answered): Change | undefined {
  return known?.answer === undefined ? { inference: { shadows: {}, ...known, answer }, effect: NOTHING } : undefined;
}

/** A shadow has answered the same request; if the outcome is known already, that makes a pair. */
export function shadowAnswered(
  known: Inference | undefined,
  shadow: string,
  answer: ShadowAnswered,
  rule: OutcomeRule,
): Change | undefined {
  if (known !== undefined && Object.hasOwn(known.shadows, shadow)) {
    return undefined;
  }
  const inference = { ...known, shadows: { ...known?.shadows, [shadow]: answer } };
  return {
    inference,
    effect: { ...NOTHING, pairs: pairEffects(rule, inference, undefined, inference.outcome).filter((pair) => pair.shadow === shadow) },
  };
}

/** The outcome of an inference has been told. What is told again changes nothing, and what contradicts only as a correction. */
export function told(
  known: Inference & { readonly answer: Answered },
  value: Label,
  correction: boolean,
  rule: OutcomeRule,
): { readonly verdict: Verdict; readonly change?: Change } {
  const before = known.outcome;
  if (before !== undefined && before.value === value) {
    return { verdict: 'duplicate' };
  }
  if (before !== undefined && !correction) {
    return { verdict: 'conflict' };
  }
  const outcome: Told = { value, wrong: isWrong(rule, value, known.answer.prediction) };
  return {
    verdict: before === undefined ? 'accepted' : 'corrected',
    change: {
      inference: { ...known, outcome },
      effect: {
        outcomes: before === undefined ? 1 : 0,
        wrong: Number(outcome.wrong) - Number(before?.wrong ?? false),
        ...(rule.kind === 'rating' && { rating: ratingOf(outcome) - ratingOf(before) }),
        pairs: pairEffects(rule, known, before, outcome),
      },
    },
  };
}

function ratingOf(told: Told | undefined): number {
  return typeof told?.value === 'number' ? told.value : 0;
}

/**
 * What becomes of the pairs with all shadows when an outcome takes another's place. A score or a rating is of one answer, and says
 * nothing of a shadow's.
 */
function pairEffects(rule: OutcomeRule, { answer, shadows }: Inference, before: Told | undefined, after: Told | undefined): PairEffect[] {
  if (rule.kind !== 'label' || answer?.role !== 'production') {
    return [];
  }
  return Object.entries(shadows).map(([shadow, { version, prediction }]) => {
    const [from, to] = [before, after].map((outcome) => {
      const shadowWrong = outcome !== undefined && isWrong(rule, outcome.value, prediction);
      return {
        pair: Number(outcome !== undefined),
        shadow: Number(shadowWrong && !outcome.wrong),
        production: Number(outcome !== undefined && outcome.wrong && !shadowWrong),
      };
    });
    return {
      shadow,
      version,
      pairs: to.pair - from.pair,
      onlyShadowWrong: to.shadow - from.shadow,
      onlyProductionWrong: to.production - from.production,
    };
  }).filter(({ pairs, onlyShadowWrong, onlyProductionWrong }) => pairs !== 0 || onlyShadowWrong !== 0 || onlyProductionWrong !== 0);
}
