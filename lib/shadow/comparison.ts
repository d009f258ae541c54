import { comparisonProblems } from '../core/comparison/check-plan';
import type { ComparisonPlan } from '../core/comparison/plan';
import type {
  EmbeddingComparisonOptions, JsonComparisonOptions, NumberComparisonOptions, ProbabilityComparisonOptions, RankingComparisonOptions, TextComparisonOptions,
} from './comparison-options';

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
    return new PlanComparison({ kind: 'ranking', path, top: options.top ?? 10, minimumOverlap: options.minimumOverlap ?? 1 });
  }

  /** Probabilities that sum up to 1, as a list or by class. The difference is the total variation distance. */
  public static probabilities(path: string, options: ProbabilityComparisonOptions = {}): Comparison {
    return new PlanComparison({ kind: 'probabilities', path, tolerance: options.tolerance ?? 0.05 });
  }

  /** A vector. The difference is one minus the cosine. */
  public static embedding(path: string, options: EmbeddingComparisonOptions = {}): Comparison {
    return new PlanComparison({ kind: 'embedding', path, minimumSimilarity: options.minimumSimilarity ?? 0.99 });
  }

  /** A text. The difference is the share of words that the two do not have in common. */
  public static text(options: TextComparisonOptions = {}): Comparison {
    return new PlanComparison({ kind: 'text', ...(options.path === undefined ? {} : { path: options.path }), minimumOverlap: options.minimumOverlap ?? 1 });
  }

  /** A whole JSON answer, whatever the order of members. The difference is the share of its values that differ. */
  public static json(options: JsonComparisonOptions = {}): Comparison {
    return new PlanComparison({
      kind: 'json', ignoredPaths: options.ignoredPaths ?? [], absolute: options.tolerance ?? 0, relative: options.relativeTolerance ?? 0,
    });
  }

  /** @internal */
  public abstract _plan(): ComparisonPlan;

  /** @internal */
  public abstract _problems(): string[];
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
