import type { Duration } from 'aws-cdk-lib/core';
import { Token } from 'aws-cdk-lib/core';
import type { Assignment } from './assignment';
import type { Model } from '../model/model';
import { nameProblem } from '../validate/names';
import type { TargetVariantAccess } from './target-variant-access';

/** A model's part in an alias. */
export interface VariantOptions {
  /** Name that callers see, at most 63 letters, digits and hyphens. */
  readonly name: string;

  /** What serves the variant. */
  readonly model: Model;

  /**
   * Share of the requests, relative to the other variants' weights: any number from 0.
   *
   * @default 1
   */
  readonly weight?: number;

  /**
   * How long the variant may take to answer; then production's answer is returned, which is asked beside it when half of the endpoint's
   * time-out is over. Production itself has all the time there is.
   *
   * @default - 250 ms less than the router has
   */
  readonly timeBudget?: Duration;
}

/** What an alias does. */
export interface AliasOptions {
  /**
   * The model behind the alias, as the variant `production`.
   *
   * @default - `variants` says what is behind the alias
   */
  readonly model?: Model;

  /**
   * Models that share the requests. The first is production: it also serves what another variant fails to.
   *
   * @default - all requests go to `model`
   */
  readonly variants?: VariantOptions[];

  /**
   * Which part of a request decides its variant.
   *
   * @default Assignment.inferenceId()
   */
  readonly assignment?: Assignment;

  /**
   * Who may choose a variant by name.
   *
   * @default TargetVariantAccess.nobody()
   */
  readonly targetVariantAccess?: TargetVariantAccess;
}

/** The variants that options declare; `model` is short for one variant. */
export function variantsOf(options: AliasOptions): VariantOptions[] {
  return options.variants ?? (options.model === undefined ? [] : [{ name: 'production', model: options.model }]);
}

/** The problem with an alias's name, or nothing. */
export function aliasNameProblem(what: string, name: string): string[] {
  return /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/.test(name)
    ? []
    : [
        `${what} ${JSON.stringify(name)} must have 1 to 63 letters, digits, hyphens and underscores, because it is part of the `
          + `address; rename it`,
      ];
}

/** Everything that is wrong with an alias, its models included. */
export function aliasProblems(name: string, options: AliasOptions, timeout: Duration): string[] {
  const problems: string[] = [];
  const at = `alias ${JSON.stringify(name)}`;
  problems.push(...aliasNameProblem('alias', name));
  if ((options.model === undefined) === (options.variants === undefined)) {
    problems.push(`${at} needs either model or variants; set exactly one of them`);
  }
  const variants = variantsOf(options);
  if (options.variants?.length === 0) {
    problems.push(`${at} has an empty list of variants; give at least one`);
  }
  for (const { name: variant, weight, timeBudget } of variants) {
    problems.push(...nameProblem(`a variant's name on ${at}`, variant));
    if (weight !== undefined && !Token.isUnresolved(weight) && !(weight >= 0 && Number.isFinite(weight))) {
      problems.push(`weight of variant ${JSON.stringify(variant)} on ${at} is ${weight}, but must be a number from 0; 0 sends it nothing`);
    }
    if (weight !== undefined && Token.isUnresolved(weight)) {
      problems.push(`weight of variant ${JSON.stringify(variant)} on ${at} is known only at deployment; give a number`);
    }
    if (timeBudget?.isUnresolved() === true) {
      problems.push(`timeBudget of variant ${JSON.stringify(variant)} on ${at} is known only at deployment; give a duration`);
    } else if (timeBudget !== undefined && !timeout.isUnresolved() && timeBudget.toMilliseconds() >= timeout.toMilliseconds()) {
      problems.push(
        `timeBudget of variant ${JSON.stringify(variant)} on ${at} is ${timeBudget.toMilliseconds()} ms, but must be less than the `
          + `endpoint's ` +
          `time-out of ${timeout.toMilliseconds()} ms, or nothing is left for production; lower it`,
      );
    }
  }
  if (variants.length > 0 && variants.every(({ weight }) => weight === 0)) {
    problems.push(`every variant of ${at} has weight 0; give at least one a weight above 0`);
  }
  for (const duplicate of new Set(variants.map((v) => v.name).filter((v, i, names) => names.indexOf(v) !== i))) {
    problems.push(`${at} has more than one variant named ${JSON.stringify(duplicate)}; rename all but one`);
  }
  problems.push(...(options.assignment?._problems() ?? []));
  for (const model of new Set(variants.map((variant) => variant.model))) {
    problems.push(...model.validate());
  }
  return problems;
}
