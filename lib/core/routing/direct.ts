import type { DirectAlias } from './direct-alias';
import { productionOf } from './effective';
import type { DeclaredRoute, Variant } from './route';

/** A route that AWS's own weights carry out. */
export type DirectRoute = DeclaredRoute & { readonly direct: DirectAlias };

/** What an alias of Lambda says: the version that it names, and the shares of others. */
export interface AliasWeights {
  readonly version: string;
  readonly others: { readonly [version: string]: number };
}

/** Decimals of a share; Lambda takes any. */
const DECIMALS = 6;

/** The weights that carry a route out. */
export function aliasWeights({ variants }: Pick<DeclaredRoute, 'variants'>): AliasWeights {
  const production = productionOf({ variants });
  const total = variants.reduce((sum, { weight }) => sum + weight, 0);
  const others = variants.filter(({ version, weight }) => version !== production.version && weight > 0);
  return {
    version: production.version,
    others: Object.fromEntries(others.map(({ version, weight }) => [version, Number((weight / total).toFixed(DECIMALS))])),
  };
}

/** Production alone, as the alias says it. */
export function productionWeights({ variants }: Pick<DeclaredRoute, 'variants'>): AliasWeights {
  return { version: productionOf({ variants }).version, others: {} };
}

export function sameWeights(one: AliasWeights, other: AliasWeights): boolean {
  const versions = new Set([...Object.keys(one.others), ...Object.keys(other.others)]);
  return one.version === other.version
    && [...versions].every((version) => Math.abs((one.others[version] ?? 0) - (other.others[version] ?? 0)) < 10 ** -DECIMALS);
}

/** What the alias's description says of its weights: whoever else changes them leaves it behind. */
export interface AliasStamp {
  /** Of the route record. */
  readonly revision: number;
  readonly weights: AliasWeights;
}

const STAMP = /^Moved by cdk-model-rollout, revision (\d+): (\S+?)((?:, \S+=[\d.]+)*)$/;

export function stampText({ revision, weights: { version, others } }: AliasStamp): string {
  const shares = Object.entries(others).map(([other, share]) => `, ${other}=${share}`);
  return `Moved by cdk-model-rollout, revision ${revision}: ${version}${shares.join('')}`;
}

/** Undefined for a description that is nobody's of ours. */
export function readStamp(description: string | undefined): AliasStamp | undefined {
  const [, revision, version, shares] = STAMP.exec(description ?? '') ?? [];
  if (version === undefined) {
    return undefined;
  }
  const others = shares.split(', ').filter(Boolean).map((share) => share.split('='));
  return {
    revision: Number(revision),
    weights: { version, others: Object.fromEntries(others.map(([other, share]) => [other, Number(share)])) },
  };
}

/** Weights as people read them. */
export function weightsInWords({ version, others }: AliasWeights): string {
  const shares = Object.entries(others).map(([other, share]) => `${Number((100 * share).toFixed(4))} % at version ${other}`);
  return [`version ${version}`, ...shares].join(' with ');
}

/** What identifies a version to those who remember it: what it is made of, where its name is only a number. */
export function contentOf({ content, version }: Pick<Variant, 'content' | 'version'>): string {
  return content ?? version;
}
