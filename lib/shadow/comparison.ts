import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { comparisonProblems } from '../core/comparison/check-plan';
import type { ComparisonPlan, MirrorComparison } from '../core/comparison/plan';
import type {
  CustomComparisonOptions,
  EmbeddingComparisonOptions,
  JsonComparisonOptions,
  NumberComparisonOptions,
  ProbabilityComparisonOptions,
  RankingComparisonOptions,
  TextComparisonOptions,
} from './comparison-options';
import { plainSeconds, secondsProblem } from '../validate/seconds';

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
   * A function of yours, which the mirror may invoke and is asked with both answers and nothing of the request: `{ "production": "…",
   * "shadow": "…", "isBase64Encoded": false }`, base64 where an answer is no text. It answers `{ "agrees": true | false, "difference": 0.2
   * }`; without `difference` it is 0 or 1. Every other answer, an error or a time-out is a comparison error, an outcome of its own that is
   * no agreement.
   */
  public static custom(handler: lambda.IFunction, options: CustomComparisonOptions = {}): Comparison {
    return new FunctionComparison(handler, options.timeout === undefined ? 5 : plainSeconds(options.timeout));
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
    return plan.kind === 'function' ? plan.timeoutMs : 0;
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

class FunctionComparison extends Comparison {
  constructor(public override readonly _handler: lambda.IFunction, private readonly timeoutSeconds: number) {
    super();
  }

  /** @internal */
  public _plan(): MirrorComparison {
    return { kind: 'function', functionArn: this._handler.functionArn, timeoutMs: Math.round(1_000 * this.timeoutSeconds) };
  }

  /** @internal */
  public _problems(): string[] {
    return secondsProblem('timeout of the comparison', this.timeoutSeconds, 0.1, 60, 'five seconds are the default');
  }
}
