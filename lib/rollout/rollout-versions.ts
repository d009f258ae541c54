import type * as iam from 'aws-cdk-lib/aws-iam';
import { VariantName } from '../core/names';
import { timeoutProblem } from '../endpoint/bind-variants';
import type { EndpointAlias } from '../endpoint/endpoint-alias';
import type { Target } from '../endpoint/target';
import type { ModelVersion } from '../model/model-version';
import type { Mistakes } from '../validate/mistakes';
import type { RolloutOptions } from './rollout-options';

/** Versions that a rollout knows when it is defined. */
export interface RolloutVersions {
  /** The one that the alias declares. */
  readonly production: ModelVersion;
  /** A second model, if one is declared. */
  readonly candidate?: ModelVersion;
  /** The one that moves. */
  readonly moving: ModelVersion;
  readonly all: readonly ModelVersion[];
  /** ARN of the package of the one that moves, where its registry is to be told. */
  readonly modelPackage?: string;
}

/**
 * Define the candidate's version, where there is one.
 *
 * @param controller who starts production's version anew, where that is asked for
 */
export function rolloutVersions(
  mistakes: Mistakes, options: RolloutOptions, { alias, declared }: Target, controller: iam.IRole | undefined,
): RolloutVersions {
  const [production] = alias.versionsDeclared;
  const candidate = candidateOf(mistakes, options, alias);
  const all = candidate === undefined ? [production] : [production, candidate];
  // Of an alias that is not declared nobody knows the model.
  if (declared && candidate?.digest === production.digest) {
    mistakes.add(
      'candidate is the same version as the model of the alias, so that there is nothing to roll out; leave candidate out, or change one '
        + 'of them',
    );
  }
  if (declared && controller !== undefined) {
    mistakes.add(...controlProblems(alias, all, controller));
  }
  const moving = candidate ?? production;
  const modelPackage = options.updateModelPackage === true ? moving._modelPackage : undefined;
  if (declared && options.updateModelPackage === true && modelPackage === undefined) {
    mistakes.add(
      'updateModelPackage is true, but the model that is rolled out is of no package of a model registry; take it from one with '
        + 'Model.fromModelPackage, or leave updateModelPackage out',
    );
  }
  return { production, candidate, moving, all, modelPackage };
}

function candidateOf(mistakes: Mistakes, { candidate: model }: RolloutOptions, alias: EndpointAlias): ModelVersion | undefined {
  // A model whose settings are wrong has said so.
  if (model === undefined || (mistakes.any && model.validate().length > 0)) {
    return undefined;
  }
  const version = mistakes.attempt(() => alias.bindCandidate(model));
  mistakes.add(...(version === undefined ? [] : timeoutProblem(VariantName.CANDIDATE, version, alias.router.timeout)));
  return version;
}

/**
 * Whatever is in production now or after this rollout must be one that can be started anew, and callers must not stick: they would stick
 * to cold ones.
 */
function controlProblems(alias: EndpointAlias, versions: readonly ModelVersion[], controller: iam.IRole): string[] {
  const { aliasName, keepsTogether } = alias;
  const other = alias.startsAnew();
  return [
    ...versions
      .flatMap((version) => version._admitFreshCopy(controller))
      .map(
        (problem) =>
          `freshControl starts production's version anew, but a model of alias ${JSON.stringify(aliasName)} cannot be: `
            + `${problem}; leave freshControl out, and raise settlingTime where caches take long to fill`,
      ),
    ...(keepsTogether
      ? [
          `freshControl compares requests that are assigned each by itself, but the assignment of alias `
            + `${JSON.stringify(aliasName)} keeps callers or conversations with a version; leave one of them out`,
        ]
      : []),
    // Aliases share versions. Of one function Lambda gives both the same published version, and whose rollout ends first would remove it.
    ...(other === aliasName
      ? []
      : [
          `freshControl is set for the rollout of alias ${JSON.stringify(aliasName)}, and for that of alias ${JSON.stringify(other)} as `
            + `well, whose production may be the same version, of which there is one fresh copy only; leave it out at one of them, or `
            + 'define an endpoint of its own',
        ]),
  ];
}
