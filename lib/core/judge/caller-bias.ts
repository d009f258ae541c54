/** Between what two limits a number is. */
export interface Limits {
  readonly lower: number;
  readonly upper: number;
}

/**
 * How much more often the callers that a candidate gets have bad outcomes than those that it is compared with, at one and the same version:
 * what callers bring along, and no version is to blame for.
 */
export interface CallerBias {
  /** Times the others' rate; of an outcome that is judged by odds, times their odds. */
  readonly ratio: Limits;
  /** On top of the others' rate, bad outcomes per request. Of an outcome that is judged by odds there is none. */
  readonly excess?: Limits;
}

/** What a cell of callers had in one block of time. */
export interface CallerCounts {
  readonly total: number;
  readonly bad: number;
}

/** What part of a cell's callers is on each side, 0 to 1; of some cells neither has any. */
export interface SidesOfCell {
  readonly mine: number;
  readonly others: number;
}

/** Both sides of a block of time. */
interface Table {
  readonly mine: CallerCounts;
  readonly others: CallerCounts;
}

/** Half an outcome more on both sides: no history proves that callers never fail. */
const CONTINUITY = 0.5;
/** Standard deviations of a sum of squares that are no more than noise. */
const NOISE = 2;
/** More than this no difference between callers is believed to be. */
const MOST = 1_000;

/**
 * Compares some cells of callers with others in the history of one version: Mantel and Haenszel's ratio and difference over blocks of time,
 * so that an hour in which everybody fails says nothing about callers, and a version that was given its callers by and by is compared
 * within the hours in which it had both.
 *
 * The limits are `deviations` standard errors away. A standard error has three parts: what counts are uncertain by; what the ratio varies
 * by from block to block beyond that, which the time of the rollout will do as well; and, of a cell that only a part of belongs to the
 * candidate, who of it that is: in the worst case one caller has all of its bad outcomes.
 *
 * @param blocks of time, each with its cells
 * @param sidesOf what part of a cell's callers each side has
 * @returns undefined where one of the sides has no history
 * @see docs/how-it-decides.md 2.8d; Mantel and Haenszel 1959; Greenland and Robins, "Estimation of a common effect parameter from sparse
 * follow-up data", 1985;
 * DerSimonian and Laird 1986, for what varies beyond chance
 */
export function callerBias(
  blocks: readonly (readonly CallerCounts[])[], sidesOf: (cell: number) => SidesOfCell, form: 'rate' | 'odds', deviations: number,
): CallerBias | undefined {
  const tables = blocks.map((cells) => tableOf(cells, sidesOf)).filter(({ mine, others }) => mine.total > 0 && others.total > 0);
  if (tables.length === 0) {
    return undefined;
  }
  const unknown = splitVariance(tables, blocks, sidesOf);
  return form === 'odds' ? oddsBias(tables, unknown, deviations) : rateBias(tables, unknown, deviations);
}

function tableOf(cells: readonly CallerCounts[], sidesOf: (cell: number) => SidesOfCell): Table {
  const table = { mine: { total: 0, bad: 0 }, others: { total: 0, bad: 0 } };
  cells.forEach(({ total, bad }, cell) => {
    const { mine, others } = sidesOf(cell);
    table.mine.total += mine * total;
    table.mine.bad += mine * bad;
    table.others.total += others * total;
    table.others.bad += others * bad;
  });
  return table;
}

/** Variance of the logarithm of the ratio by who is on which side of cells that are cut. */
function splitVariance(
  tables: readonly Table[],
  blocks: readonly (readonly CallerCounts[])[],
  sidesOf: (cell: number) => SidesOfCell,
): number {
  const bad: number[] = [];
  blocks.forEach((cells) => cells.forEach((counts, cell) => (bad[cell] = (bad[cell] ?? 0) + counts.bad)));
  const of = (side: keyof SidesOfCell): number => {
    const all = CONTINUITY + tables.reduce((sum, table) => sum + table[side].bad, 0);
    return bad.reduce((variance, count, cell) => variance + sidesOf(cell)[side] * (1 - sidesOf(cell)[side]) * (count / all) ** 2, 0);
  };
  return of('mine') + of('others');
}

function rateBias(tables: readonly Table[], unknown: number, deviations: number): CallerBias {
  const sum = (of: (table: Table, all: number) => number): number =>
    tables.reduce((total, table) => total + of(table, table.mine.total + table.others.total), 0);
  const [mineBad, othersBad] = [sum(({ mine }) => mine.bad), sum(({ others }) => others.bad)];
  const weighted = {
    mine: sum(({ mine, others }, all) => mine.bad * others.total / all),
    others: sum(({ mine, others }, all) => others.bad * mine.total / all),
    exposure: sum(({ mine, others }, all) => mine.total * others.total / all),
  };
  // A half on both sides, each by the share of the requests that it stands for.
  const half = {
    mine: (CONTINUITY * weighted.exposure) / sum(({ mine }) => mine.total),
    others: (CONTINUITY * weighted.exposure) / sum(({ others }) => others.total),
  };
  const [R, S] = [weighted.mine + half.mine, weighted.others + half.others];
  const log = Math.log(R / S);
  const chance =
    sum(({ mine, others }, all) => ((mine.bad + others.bad) * mine.total * others.total) / all ** 2) / (R * S) +
    CONTINUITY / ((mineBad + CONTINUITY) * (othersBad + CONTINUITY));
  const varying = variation(tables.map(({ mine, others }) => {
    const odds = R / S * mine.total / others.total;
    const [bad, part] = [mine.bad + others.bad, odds / (1 + odds)];
    return { deviation: mine.bad - bad * part, variance: bad * part * (1 - part) };
  }));
  const error = Math.sqrt(chance + varying + unknown);
  const excess = (weighted.mine - weighted.others) / weighted.exposure;
  const rate = (mineBad + CONTINUITY) / sum(({ mine }) => mine.total);
  const absolute = Math.sqrt(
    sum(({ mine, others }, all) => (mine.bad * others.total ** 2 + others.bad * mine.total ** 2) / all ** 2) / weighted.exposure ** 2 +
      rate ** 2 * (varying + unknown) +
      (half.mine / weighted.exposure) ** 2,
  );
  return {
    ratio: limitsOf(log, deviations * error),
    excess: { lower: excess - deviations * absolute, upper: excess + deviations * absolute },
  };
}

/**
 * @see Robins, Breslow and Greenland, "Estimators of the Mantel-Haenszel variance consistent in both sparse data and large-strata limiting
 * models", 1986
 */
function oddsBias(tables: readonly Table[], unknown: number, deviations: number): CallerBias {
  let [R, S, PR, QSPR, QS] = [0, 0, 0, 0, 0];
  for (const { mine, others } of tables) {
    const all = mine.total + others.total;
    const [a, b, c, d] = [mine.bad, mine.total - mine.bad, others.bad, others.total - others.bad];
    const [r, s, p, q] = [a * d / all, b * c / all, (a + d) / all, (b + c) / all];
    R += r;
    S += s;
    PR += p * r;
    QSPR += p * s + q * r;
    QS += q * s;
  }
  if (R === 0 || S === 0) {
    return { ratio: { lower: 0, upper: MOST } };
  }
  const chance = PR / (2 * R ** 2) + QSPR / (2 * R * S) + QS / (2 * S ** 2);
  const varying = variation(tables.map(({ mine, others }) => {
    const expected = expectedBad(mine, others, R / S);
    const cells = [expected, mine.total - expected, mine.bad + others.bad - expected, others.total - mine.bad - others.bad + expected];
    return {
      deviation: mine.bad - expected,
      variance: cells.some((cell) => cell <= 0) ? 0 : 1 / cells.reduce((sum, cell) => sum + 1 / cell, 0),
    };
  }));
  return { ratio: limitsOf(Math.log(R / S), deviations * Math.sqrt(chance + varying + unknown)) };
}

/** Bad outcomes of one side of a table whose margins are known, at an odds ratio. */
function expectedBad(mine: CallerCounts, others: CallerCounts, odds: number): number {
  const bad = mine.bad + others.bad;
  const a = odds - 1;
  const b = others.total - bad + odds * (mine.total + bad);
  const c = odds * mine.total * bad;
  return 2 * c / (b + Math.sqrt(b ** 2 - 4 * a * c));
}

/**
 * Variance of the logarithm of a ratio in the time to come, by how blocks deviate from the ratio of all beyond chance: a moment estimator,
 * for one block and for the mean of all.
 * What is not more than noise is left out: as little as that a guardrail's own tolerance has room for.
 */
function variation(blocks: readonly { readonly deviation: number; readonly variance: number }[]): number {
  const used = blocks.filter(({ variance }) => variance > 0);
  const sum = (of: (block: { readonly deviation: number; readonly variance: number }) => number): number =>
    used.reduce((total, block) => total + of(block), 0);
  const [variances, squares] = [sum(({ variance }) => variance), sum(({ variance }) => variance ** 2)];
  const excess = sum(({ deviation }) => deviation ** 2) - variances;
  return excess > NOISE * Math.sqrt(2 * squares) ? excess / squares * (1 + squares / variances ** 2) : 0;
}

function limitsOf(log: number, width: number): Limits {
  const limit = (value: number): number => Math.min(MOST, Math.max(1 / MOST, Math.exp(value)));
  return { lower: limit(log - width), upper: limit(log + width) };
}
