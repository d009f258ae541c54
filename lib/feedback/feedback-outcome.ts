import type { OutcomeRule } from '../core/feedback/plan';
import { parseJsonPath } from '../core/json/json-path';
import { knownProblem } from '../validate/limits';

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
      ...(rule.kind === 'label'
        ? knownProblem(
            'tolerance of the outcome',
            rule.tolerance,
            [0, Number.MAX_VALUE],
            '',
            'leave it out where label and prediction must be equal',
          )
        : knownProblem('minScore of the outcome', rule.atLeast, [-Number.MAX_VALUE, Number.MAX_VALUE], '', 'give the least that is right')),
    ];
  }
}
