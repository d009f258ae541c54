import type { OutcomeRule } from '../core/feedback/plan';
import { parseJsonPath } from '../core/json/json-path';
import { knownProblem } from '../validate/limits';
import { valueBoundsProblems } from '../validate/value-bounds';

/** When a label says that an answer was right. */
export interface LabelOptions {
  /**
   * How far apart label and prediction may be where both are numbers, in their unit.
   *
   * @default - they must be equal
   */
  readonly tolerance?: number;
}

/** What a number is compared with. */
export interface ScoreOptions {
  /** The least that is right. */
  readonly minScore: number;

  /**
   * Where in a JSON answer the prediction is, to have it in the log beside the number.
   *
   * @default - the log has no prediction
   */
  readonly prediction?: string;
}

/** Between which numbers a rating is. */
export interface RatingOptions {
  /** The worst rating: 1 of five stars, 0 for a thumb down. */
  readonly minValue: number;

  /** The best one: 5 of five stars, 1 for a thumb up. */
  readonly maxValue: number;

  /**
   * Where in a JSON answer the prediction is, to have it in the log beside the rating.
   *
   * @default - the log has no prediction
   */
  readonly prediction?: string;
}

/** What callers tell of an answer later, and when it says that the answer was right. */
export abstract class FeedbackOutcome {
  /**
   * The true label, sent as `label`: the answer was right if that is what it predicted. Texts and numbers are compared as texts, so that 7
   * is "7". An answer without a prediction was wrong.
   *
   * @param prediction where in a JSON answer of at most 256 KiB the prediction is: one place such as `$.label` or `$.rows[0].class`, a text
   * of at most 1024 characters, a number, or true or false
   */
  public static label(prediction: string, options: LabelOptions = {}): FeedbackOutcome {
    return new Rule({ kind: 'label', prediction, ...(options.tolerance === undefined ? {} : { tolerance: options.tolerance }) });
  }

  /** How good the answer was, sent as `score`. */
  public static score(options: ScoreOptions): FeedbackOutcome {
    return Rule.of('score', options);
  }

  /** What came of the answer, sent as `reward`: 1 for a click, say, or the money that it made. */
  public static reward(options: ScoreOptions): FeedbackOutcome {
    return Rule.of('reward', options);
  }

  /**
   * How callers rate an answer, sent as `rating`: a number within bounds, such as 1 to 5 stars, or 0 and 1 for thumbs; the higher the
   * better. No answer is right or wrong by it: `Guardrail.feedback` compares the mean ratings of both versions. A rating beyond the bounds
   * is refused.
   */
  public static rating(options: RatingOptions): FeedbackOutcome {
    const { minValue, maxValue, prediction } = options;
    return new Rule({ kind: 'rating', lowest: minValue, highest: maxValue, ...(prediction === undefined ? {} : { prediction }) });
  }

  /** @internal */
  public abstract _rule(): OutcomeRule;

  /** @internal */
  public abstract _problems(): string[];
}

class Rule extends FeedbackOutcome {
  public static of(kind: 'score' | 'reward', { minScore, prediction }: ScoreOptions): Rule {
    return new Rule({ kind, atLeast: minScore, ...(prediction === undefined ? {} : { prediction }) });
  }

  constructor(private readonly rule: OutcomeRule) {
    super();
  }

  /** @internal */
  public _rule(): OutcomeRule {
    return this.rule;
  }

  /** @internal */
  public _problems(): string[] {
    const { rule } = this;
    return [
      ...(rule.prediction !== undefined && parseJsonPath(rule.prediction) === undefined
        ? [
            `prediction of the outcome is ${JSON.stringify(rule.prediction)}, but must be one place in an answer; write it like `
              + '$.label or $.rows[0].class',
          ]
        : []),
      ...numberProblems(rule),
    ];
  }
}

function numberProblems(rule: OutcomeRule): string[] {
  switch (rule.kind) {
    case 'label':
      return knownProblem(
        'tolerance of the outcome',
        rule.tolerance,
        [0, Number.MAX_VALUE],
        '',
        'leave it out where label and prediction must be equal',
      );
    case 'rating':
      return valueBoundsProblems('of the outcome', rule.lowest, rule.highest, 'give the worst and the best rating, such as 1 and 5');
    default:
      return knownProblem(
        'minScore of the outcome', rule.atLeast, [-Number.MAX_VALUE, Number.MAX_VALUE], '', 'give the least that is right',
      );
  }
}
