import { parseJsonPath } from '../json/json-path';

/** The part of a request by whose value routers count. */
export type KeySource =
  /** What decides the variant: the assignment's key, a session, or the inference id where there is neither. */
  | { readonly source: 'assignment' }
  | { readonly source: 'header' | 'query' | 'claim'; readonly name: string }
  /** A text or number in a JSON body, by definite path. */
  | { readonly source: 'json-path'; readonly path: string };

/** What routers count by key, in a table: requests and bad outcomes of every version, minute and cell. */
export interface CounterPlan {
  /** Unique in the route. */
  readonly name: string;
  /** The table's name. */
  readonly table: string;
  readonly by: KeySource;
  /** How many cells values fall into. */
  readonly cells: number;
  /** Values with a cell each, in their order; all others share the last. Absent: a value's cell follows from its hash. */
  readonly values?: readonly string[];
  /** Keep the value that the candidate failed most, of each cell, as it is or as a hash. Absent: no value is kept. */
  readonly names?: 'plain' | 'hashed';
  /** Count requests slower than each threshold of the route's measures too. */
  readonly slow?: boolean;
  /** Counted only while the route has a rollout. Absent: always. */
  readonly during?: 'rollout';
  /** How long counts are kept, seconds. */
  readonly keepSeconds: number;
}

/** An item of DynamoDB takes 400 kB and is written whole: with 100 cells it has some 3 kB. */
export const COUNTER_LIMITS = { cells: 100, counters: 8, nameLength: 64 } as const;

const NAME = /^[a-z0-9-]{1,32}$/;
const NAMED = ['header', 'query', 'claim'];

type Fields = { readonly [key: string]: unknown };

/** The counters of a stored route, or what is wrong with them. */
export function parseCounterPlans(value: unknown): CounterPlan[] | string {
  if (!Array.isArray(value) || value.length > COUNTER_LIMITS.counters) {
    return `counters is not a list of at most ${COUNTER_LIMITS.counters}`;
  }
  const plans: CounterPlan[] = [];
  for (const [index, each] of value.entries()) {
    const plan = parseCounterPlan(each, `counters[${index}]`);
    if (typeof plan === 'string') {
      return plan;
    }
    plans.push(plan);
  }
  return new Set(plans.map(({ name }) => name)).size === plans.length ? plans : 'two counters have the same name';
}

function parseCounterPlan(value: unknown, at: string): CounterPlan | string {
  const { name, table, by: given, cells, values, names, slow, during, keepSeconds } = fields(value);
  const by = parseKeySource(given);
  if (typeof name !== 'string' || !NAME.test(name)) {
    return `${at}.name is ${JSON.stringify(name)}, not 1 to 32 lower-case letters, digits and hyphens`;
  }
  if (typeof table !== 'string' || table === '') {
    return `${at}.table is not text`;
  }
  if (by === undefined) {
    return `${at}.by is ${JSON.stringify(given)}, which is not a part of a request`;
  }
  if (!Number.isInteger(cells) || (cells as number) < 2 || (cells as number) > COUNTER_LIMITS.cells) {
    return `${at}.cells is ${JSON.stringify(cells)}, not a whole number from 2 to ${COUNTER_LIMITS.cells}`;
  }
  if (
    values !== undefined &&
    (!Array.isArray(values) || values.length !== (cells as number) - 1 || values.some((each) => typeof each !== 'string'))
  ) {
    return `${at}.values are not one text less than there are cells`;
  }
  if (names !== undefined && names !== 'plain' && names !== 'hashed') {
    return `${at}.names is ${JSON.stringify(names)}`;
  }
  if (during !== undefined && during !== 'rollout') {
    return `${at}.during is ${JSON.stringify(during)}`;
  }
  if (typeof keepSeconds !== 'number' || !(keepSeconds >= 60 && keepSeconds < 1e9)) {
    return `${at}.keepSeconds is ${JSON.stringify(keepSeconds)}, not at least 60`;
  }
  return {
    name, table, by, cells: cells as number, keepSeconds,
    ...(values === undefined ? {} : { values: values as string[] }),
    ...(names === undefined ? {} : { names }),
    ...(slow === true ? { slow } : {}),
    ...(during === undefined ? {} : { during }),
  };
}

function parseKeySource(value: unknown): KeySource | undefined {
  const { source, name, path } = fields(value);
  if (source === 'assignment') {
    return { source };
  }
  if (source === 'json-path') {
    return typeof path === 'string' && parseJsonPath(path) !== undefined ? { source, path } : undefined;
  }
  return NAMED.includes(source as string) && typeof name === 'string' && name !== ''
    ? { source: source as 'header' | 'query' | 'claim', name }
    : undefined;
}

function fields(value: unknown): Fields {
  return value !== null && typeof value === 'object' ? (value as Fields) : {};
}
