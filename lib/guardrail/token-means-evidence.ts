import type { Construct } from 'constructs';
import type { TokenWeights } from '../core/routing/measures';
import { priceProblems, type TokenPrices } from '../model/token-prices';
import { knownProblem } from '../validate/limits';
import { EvidenceGuardrail } from './evidence-guardrail';
import type { CostGuardrailOptions, TokenMeanGuardrailOptions, TokensGuardrailOptions } from './generation-options';
import { withoutTokens } from './generative-endpoint';
import type { BoundGuardrail, GuardrailContext } from './guardrail-kind';
import { RegressionDirection } from './guardrail-options';

const DEFAULT_CHANGE = 0.2;
const LEAST_CERTIFIED_CHANGE = 0.5;

/** @see Guardrail.tokens */
export class TokensEvidence extends EvidenceGuardrail<TokensGuardrailOptions> {
  constructor(options: TokensGuardrailOptions) {
    super(options, 'tokens');
  }

  public problems(): string[] {
    return changeProblems(this.name, this.options, this.lower ? 0.999 : 10);
  }

  public bind(_scope: Construct, context: GuardrailContext): BoundGuardrail {
    return {
      plan: {
        ...this.common,
        kind: 'tokens',
        ...changePlan(this.options, this.lower ? 'lower' : 'higher'),
      },
      problems: withoutTokens(this.name, context),
    };
  }

  private get lower(): boolean {
    return this.options.regression === RegressionDirection.DECREASE;
  }
}

/** @see Guardrail.cost */
export class CostEvidence extends EvidenceGuardrail<CostGuardrailOptions> {
  constructor(options: CostGuardrailOptions) {
    super(options, 'cost');
  }

  public problems(): string[] {
    const { prices, candidatePrices } = this.options;
    return [
      ...changeProblems(this.name, this.options, 10),
      ...priceProblems(`prices of ${this.what}`, prices),
      ...(candidatePrices === undefined ? [] : priceProblems(`candidatePrices of ${this.what}`, candidatePrices)),
    ];
  }

  public bind(_scope: Construct, context: GuardrailContext): BoundGuardrail {
    const { prices, candidatePrices = prices, currency = 'USD' } = this.options;
    const [asOf] = [prices.asOf, candidatePrices.asOf].sort();
    return {
      plan: {
        ...this.common,
        kind: 'cost',
        production: weights(prices),
        candidate: weights(candidatePrices),
        currency,
        asOf,
        ...changePlan(this.options, 'higher'),
      },
      problems: withoutTokens(this.name, context),
    };
  }
}

function weights({ inputPerMillion, outputPerMillion }: TokenPrices): TokenWeights {
  return { in: inputPerMillion, out: outputPerMillion };
}

function changes({ maxChange = DEFAULT_CHANGE, certifiedChange }: TokenMeanGuardrailOptions, worse: 'lower' | 'higher'): [number, number] {
  const most = worse === 'lower' ? (1 + maxChange) / 2 : Infinity;
  return [maxChange, certifiedChange ?? Math.min(most, Math.max(LEAST_CERTIFIED_CHANGE, 2 * maxChange))];
}

function changePlan(
  options: TokenMeanGuardrailOptions, worse: 'lower' | 'higher',
): { readonly worse: 'lower' | 'higher'; readonly allowed: number; readonly margin: number } {
  const [allowed, margin] = changes(options, worse).map((change) => Number((worse === 'lower' ? 1 - change : 1 + change).toFixed(9)));
  return { worse, allowed, margin };
}

function changeProblems(name: string, options: TokenMeanGuardrailOptions, most: number): string[] {
  const at = `of guardrail ${JSON.stringify(name)}`;
  const unit = 'of production\'s mean';
  const problems = [
    ...knownProblem(`maxChange ${at}`, options.maxChange, [0, most], unit, 'it is a share, not percent; 0.2 is the default'),
    ...knownProblem(
      `certifiedChange ${at}`, options.certifiedChange, [0.001, most < 1 ? most : 10 * most], unit,
      'it is a share, not percent; 0.5 is the default',
    ),
  ];
  if (problems.length > 0) {
    return problems;
  }
  const [maxChange, certifiedChange] = changes(options, most < 1 ? 'lower' : 'higher');
  return certifiedChange > maxChange
    ? []
    : [
        `guardrail ${JSON.stringify(name)} must rule out a change of ${certifiedChange}, which is not more than the ${maxChange} that it `
          + 'allows, so that no candidate could pass; raise certifiedChange, or leave it out',
      ];
}
