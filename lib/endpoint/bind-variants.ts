import type * as iam from 'aws-cdk-lib/aws-iam';
import type { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { factsOf } from '../core/backends/backends';
import type { ModelVersion } from '../model/model-version';
import type { Mistakes } from '../validate/mistakes';
import { type AliasOptions, type VariantOptions, variantsOf } from './variant';

/** A variant with its version. */
export interface BoundVariant {
  readonly variant: VariantOptions;
  readonly version: ModelVersion;
}

/** Who asks models, and for how long. */
export interface Asker {
  readonly role: iam.IRole;
  /** The endpoint's time-out. */
  readonly timeout: Duration;
}

/** Define the versions of an alias's models in `versions`, as far as that is possible. */
export function bindVariants(options: AliasOptions, versions: Construct, { role, timeout }: Asker, mistakes: Mistakes): BoundVariant[] {
  return variantsOf(options).flatMap((variant) => {
    // A model whose settings are wrong has said so.
    if (mistakes.any && variant.model.validate().length > 0) {
      return [];
    }
    const version = mistakes.attempt(() => variant.model.bind(versions, { invoker: role, timeout }));
    if (version === undefined) {
      return [];
    }
    mistakes.add(...timeoutProblem(variant.name, version, timeout));
    return [{ variant, version }];
  });
}

/** A model that outlives its caller's patience works, and costs, for nobody. */
export function timeoutProblem(variant: string, version: ModelVersion, timeout: Duration): string[] {
  const seconds = version.timeout.isUnresolved() ? 0 : version.timeout.toSeconds();
  return factsOf(version._target()).ownTimeout && seconds > timeout.toSeconds()
    ? [
        `timeout of the model of variant ${JSON.stringify(variant)} is ${seconds} s, but the endpoint answers within `
          + `${timeout.toSeconds()} s; lower it, or raise the endpoint's timeout`,
      ]
    : [];
}
