import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { comparisonProblems } from '../core/comparison/check-plan';
import { asks, type ComparisonPlan, type JudgePlan, type MirrorComparison } from '../core/comparison/plan';
import type {
  CustomComparisonOptions,
  EmbeddingComparisonOptions,
  JsonComparisonOptions,
  JudgeOptions,
  NumberComparisonOptions,
  ProbabilityComparisonOptions,
  RankingComparisonOptions,
  TextComparisonOptions,
} from './comparison-options';
import { knownProblem } from '../validate/limits';
import { plainSeconds, secondsProblem } from '../validate/seconds';

/** What a function may take that is asked. */
const MOST_SECONDS = 600;
const JUDGED_PER_DAY = 1_000;

/**
 * How a shadow's answer is compared with production's. A path names one place of a JSON answer, such as `$.score`, or all of it with
 * `$`. Answers of another form than the comparison needs are schema differences, whichever of the two has it.
 */
export abstract class Comparison {
  /** The same bytes. The difference is 0 or 1. */
  public static exact(): Comparison {
    return new PlanComparison({ kind: 'exact' });
  }

  /** A number. The difference is that of the numbers. */
  public static number(path: string, options: NumberComparisonOptions = {}): Comparison {
    return new PlanComparison({ kind: 'number', path, absolute: options.tolerance ?? 0, relative: options.relativeTolerance ?? 0 });
  }

  /** A class: a text, number or boolean that must be the same. The difference is 0 or 1. */
  public static label(path: string): Comparison {
    return new PlanComparison({ kind: 'label', path });
  }

  /** A list of texts or numbers, best first. The difference is the share of places that the two do not have in common. */
  public static ranking(path: string, options: RankingComparisonOptions = {}): Comparison {
    return new PlanComparison({ kind: 'ranking', path, top: options.top ?? 10, minimumOverlap: options.minOverlap ?? 1 });
  }

  /** Probabilities that sum up to 1, as a list or by class. The difference is the total variation distance. */
  public static probabilities(path: string, options: ProbabilityComparisonOptions = {}): Comparison {
    return new PlanComparison({ kind: 'probabilities', path, tolerance: options.tolerance ?? 0.05 });
  }

  /** A vector. The difference is one minus the cosine. */
  public static embedding(path: string, options: EmbeddingComparisonOptions = {}): Comparison {
    return new PlanComparison({ kind: 'embedding', path, minimumSimilarity: options.minSimilarity ?? 0.99 });
  }

  /** A text. The difference is the share of words that the two do not have in common. */
  public static text(options: TextComparisonOptions = {}): Comparison {
    return new PlanComparison({
      kind: 'text',
      ...(options.path === undefined ? {} : { path: options.path }),
      minimumOverlap: options.minOverlap ?? 1,
    });
  }

  /** A whole JSON answer, whatever the order of members. The difference is the share of its values that differ. */
  public static json(options: JsonComparisonOptions = {}): Comparison {
    return new PlanComparison({
      kind: 'json', ignoredPaths: options.ignoredPaths ?? [], absolute: options.tolerance ?? 0, relative: options.relativeTolerance ?? 0,
    });
  }

  /**
   * A function of yours, which the mirror may invoke and is asked with both answers: `{ "production": "…", "shadow": "…",
   * "isBase64Encoded": false }`, base64 where an answer is not text. It gets the request too where `includeRequest` says so. It answers `{
   * "agrees": true | false, "difference": 0.2 }`; without `difference` it is 0 or 1. Every other answer, an error or a time-out is a
   * comparison error, an outcome of its own that is no agreement.
   */
  public static custom(handler: lambda.IFunction, options: CustomComparisonOptions = {}): Comparison {
    return new FunctionComparison(handler, { kind: 'function' }, options, 5);
  }

  /**
   * A judge: a function of yours that asks a model, or people, which of two answers to a request is better. It is asked twice with `{
   * "first": "…", "second": "…", "isBase64Encoded": false }`, once with production's answer first and once with the shadow's, and is not
   * told which is whose. It answers `{ "better": "first" | "second" | "neither" }`. An answer that is better in both orders wins; all else
   * that can be read is a tie, a preference for a place included. Every other answer, an error or a time-out is a comparison error, an
   * outcome of its own that is no health. Equal answers are a tie without a question. A request that the shadow alone failed to answer is
   * lost.
   *
   * Counted in `Judged`, `Wins` and `Losses`; `Guardrail.preference` decides by them. For `Guardrail.agreement` answers agree that have not
   * lost.
   */
  public static judge(handler: lambda.IFunction, options: JudgeOptions = {}): Comparison {
    return new FunctionComparison(handler, { kind: 'judge', maximumPerDay: options.maxPairsPerDay ?? JUDGED_PER_DAY }, options, 60);
  }

  /**
   * A function that the mirror asks.
   *
   * @internal
   */
  public readonly _handler?: lambda.IFunction;

  /** @internal */
  public abstract _plan(): MirrorComparison;

  /** @internal */
  public abstract _problems(): string[];

  /**
   * How long a comparison may take beside the shadow.
   *
   * @internal
   */
  public _timeoutMs(): number {
    const plan = this._plan();
    return asks(plan) ? plan.timeoutMs : 0;
  }
}

class PlanComparison extends Comparison {
  constructor(private readonly plan: ComparisonPlan) {
    super();
  }

  /** @internal */
  public _plan(): ComparisonPlan {
    return this.plan;
  }

  /** @internal */
  public _problems(): string[] {
    return comparisonProblems(this.plan);
  }
}

/** What it is asked for. */
type Asking = { readonly kind: 'function' } | Pick<JudgePlan, 'kind' | 'maximumPerDay'>;

class FunctionComparison extends Comparison {
  private readonly timeoutSeconds: number;

  constructor(
    public override readonly _handler: lambda.IFunction,
    private readonly asking: Asking,
    private readonly options: CustomComparisonOptions,
    private readonly usualSeconds: number,
  ) {
    super();
    this.timeoutSeconds = options.timeout === undefined ? usualSeconds : plainSeconds(options.timeout);
  }

  /** @internal */
  public _plan(): MirrorComparison {
    return {
      ...this.asking,
      functionArn: this._handler.functionArn,
      timeoutMs: Math.round(1_000 * this.timeoutSeconds),
      ...(this.options.includeRequest === true ? { withRequest: true } : {}),
    };
  }

  /** @internal */
  public _problems(): string[] {
    return [
      ...secondsProblem(
        'timeout of the comparison', this.timeoutSeconds, 0.1, MOST_SECONDS, `${this.usualSeconds} seconds are the default`,
      ),
      ...(this.asking.kind === 'judge'
        ? knownProblem(
            'maxPairsPerDay of the judge', this.asking.maximumPerDay, [1, 1_000_000], 'pairs', `${JUDGED_PER_DAY} are the default`,
          )
        : []),
    ];
  }
}
