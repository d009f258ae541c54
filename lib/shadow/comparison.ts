import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { comparisonProblems } from '../core/comparison/check-plan';
import { asks, type ComparisonPlan, type MirrorComparison } from '../core/comparison/plan';
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
import { Judge } from './judge';
import { knownProblem } from '../validate/limits';
import { plainSeconds, secondsProblem } from '../validate/seconds';

/** What whoever is asked may take. */
const MOST_SECONDS = 600;
const CUSTOM_SECONDS = 5;
const JUDGE_SECONDS = 60;
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
    return new FunctionComparison(handler, options);
  }

  /**
   * A judge says which of two answers to a request is better: a function of yours, a model behind an alias, or one of Bedrock. It is
   * asked twice, once with production's answer first and once with the shadow's, and is not told which is whose. An answer that is
   * better in both orders wins; one that is better in one order, or in none, is a tie. Equal answers are a tie without a question. A
   * request that the shadow alone failed to answer is lost. A judge that prefers the same place in both orders contradicts itself
   * (`JudgeContradictions`); one that fails, is late, or says something else is a comparison error. Neither is for or against the
   * shadow, nor in `Comparisons`.
   *
   * Counted in `Judged`, `Wins` and `Losses`; `Guardrail.preference` decides by them. For `Guardrail.agreement` answers agree that have not
   * lost.
   */
  public static judge(judge: Judge, options: JudgeOptions = {}): Comparison {
    return new JudgeComparison(judge, options);
  }

  /**
   * A function that compares, for whoever asks it besides a mirror.
   *
   * @internal
   */
  public readonly _handler?: lambda.IFunction;

  /** @internal */
  public abstract _plan(): MirrorComparison;

  /** @internal */
  public abstract _problems(): string[];

  /**
   * Let the mirror ask whoever compares.
   *
   * @internal
   */
  public _admit(_scope: Construct, _mirror: iam.IRole): void {}

  /**
   * What stands against it for the answers of an alias.
   *
   * @internal
   */
  public _placeProblems(_scope: Construct, _aliasKey: string): string[] {
    return [];
  }

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

class FunctionComparison extends Comparison {
  private readonly timeoutSeconds: number;

  constructor(public override readonly _handler: lambda.IFunction, private readonly options: CustomComparisonOptions) {
    super();
    this.timeoutSeconds = secondsOf(options, CUSTOM_SECONDS);
  }

  /** @internal */
  public _plan(): MirrorComparison {
    return { kind: 'function', functionArn: this._handler.functionArn, ...askedPlan(this.timeoutSeconds, this.options) };
  }

  /** @internal */
  public _problems(): string[] {
    return timeoutProblems(this.timeoutSeconds, CUSTOM_SECONDS);
  }

  /** @internal */
  public override _admit(scope: Construct, mirror: iam.IRole): void {
    Judge.fromFunction(this._handler)._admit(scope, mirror);
  }
}

class JudgeComparison extends Comparison {
  private readonly timeoutSeconds: number;
  private readonly maximumPerDay: number;

  constructor(private readonly judge: Judge, private readonly options: JudgeOptions) {
    super();
    this.timeoutSeconds = secondsOf(options, JUDGE_SECONDS);
    this.maximumPerDay = options.maxPairsPerDay ?? JUDGED_PER_DAY;
  }

  /** @internal */
  public _plan(): MirrorComparison {
    const { judge, maximumPerDay } = this;
    return { kind: 'judge', by: judge._by(), maximumPerDay, ...askedPlan(this.timeoutSeconds, this.options) };
  }

  /** @internal */
  public _problems(): string[] {
    return [
      ...timeoutProblems(this.timeoutSeconds, JUDGE_SECONDS),
      ...knownProblem(
        'maxPairsPerDay of the judge', this.maximumPerDay, [1, 1_000_000], 'pairs', `${JUDGED_PER_DAY} are the default`,
      ),
      ...this.judge._problems(),
    ];
  }

  /** @internal */
  public override _placeProblems(scope: Construct, aliasKey: string): string[] {
    return this.judge._placeProblems(scope, aliasKey);
  }

  /** @internal */
  public override _admit(scope: Construct, mirror: iam.IRole): void {
    this.judge._admit(scope, mirror);
  }
}

function secondsOf({ timeout }: Pick<CustomComparisonOptions, 'timeout'>, usual: number): number {
  return timeout === undefined ? usual : plainSeconds(timeout);
}

function askedPlan(
  timeoutSeconds: number, { includeRequest }: Pick<CustomComparisonOptions, 'includeRequest'>,
): { readonly timeoutMs: number; readonly withRequest?: true } {
  return { timeoutMs: Math.round(1_000 * timeoutSeconds), ...(includeRequest === true && { withRequest: true }) };
}

function timeoutProblems(seconds: number, usual: number): string[] {
  return secondsProblem('timeout of the comparison', seconds, 0.1, MOST_SECONDS, `${usual} seconds are the default`);
}
