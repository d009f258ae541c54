import { Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { ControlPlane } from '../control-plane/control-plane';
import { routeKey } from '../core/names';
import type { DeclaredRoute, Variant } from '../core/routing/route';
import { failTogether } from '../errors';
import type { ModelVersion } from '../model/model-version';
import { Assignment } from './assignment';
import type { EndpointRouter } from './endpoint-router';
import { TargetVariantAccess } from './target-variant-access';
import { type AliasOptions, type VariantProps, variantsOf } from './variant';

/** What an alias needs of its endpoint. */
export interface EndpointAliasProps {
  readonly aliasName: string;
  readonly options: AliasOptions;
  readonly endpointName: string;
  readonly router: EndpointRouter;
  readonly controlPlane: ControlPlane;
  /** Where the endpoint keeps its versions, so that aliases share those with the same digest. */
  readonly versions: Construct;
}

/** An alias: its versions, and the route record that sends its requests to them. */
export class EndpointAlias extends Construct {
  constructor(scope: Construct, id: string, props: EndpointAliasProps) {
    super(scope, id);
    const { router, controlPlane, aliasName, options } = props;
    const bound = variantsOf(options).map((variant) => ({
      variant,
      version: variant.model.bind(props.versions, { invoker: router.role }),
    }));
    failTogether(bound.flatMap(({ variant, version }) => timeoutProblem(variant, version, router)), this);

    const route: DeclaredRoute = {
      schema: 1,
      variants: bound.map(({ variant, version }, index) => routeVariant(variant, version, router, index === 0)),
      assignment: (options.assignment ?? Assignment.inferenceId())._key(),
      targetVariantAccess: (options.targetVariantAccess ?? TargetVariantAccess.nobody())._rule(this),
    };
    const resource = controlPlane.route(
      this,
      {
        Alias: routeKey(props.endpointName, aliasName),
        Route: Stack.of(this).toJsonString(route),
        RouterFunction: router.function.functionArn,
      },
      router.drainSeconds,
    );
    // The route changes once the new versions are there and the gate may look at them; the old ones go after that.
    resource.node.addDependency(router, ...bound.map(({ version }) => version));
  }
}

function routeVariant(variant: VariantProps, version: ModelVersion, router: EndpointRouter, production: boolean): Variant {
  return {
    name: variant.name,
    role: production ? 'production' : 'candidate',
    version: version.digest,
    weight: variant.weight ?? 1,
    timeBudgetMs: production ? router.timeoutMs : (variant.timeBudget?.toMilliseconds() ?? Math.floor(router.timeoutMs / 2)),
    target: version._target(),
  };
}

/** A function that outlives its caller's patience works, and costs, for nobody. SageMaker's limit cannot be lowered. */
function timeoutProblem(variant: VariantProps, version: ModelVersion, router: EndpointRouter): string[] {
  const seconds = version.timeout.isUnresolved() ? 0 : version.timeout.toSeconds();
  return version._target().kind === 'lambda' && seconds > router.timeout.toSeconds()
    ? [
        `timeout of the model of variant ${JSON.stringify(variant.name)} is ${seconds} s, but the endpoint answers within `
          + `${router.timeout.toSeconds()} s; lower it, or raise the endpoint's timeout`,
      ]
    : [];
}
