import type { MonthlyCost } from '../cost/monthly-cost';

/** What `cost --json` prints. */
export interface CostDocument {
  readonly schema: 1;
  readonly ok: true;
  readonly command: 'cost';
  readonly requestsPerSecond: number;
  readonly modelMs: number;
  readonly requestKb: number;
  readonly responseKb: number;
  readonly rolloutsPerMonth: number;
  /** Prices of a file are among them. */
  readonly ownPrices: boolean;
  readonly stacks: readonly ({ readonly name: string } & MonthlyCost)[];
}
