import { Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { componentEnvironmentProblems } from '../validate/environment';
import { rangeProblem, wholeProblem } from '../validate/limits';
import { componentResourceProblems, type ComponentResources, requirementsOf, resourcesIdentity, startupOf } from './component-resources';
import { type Copies, ComponentVersion } from './component-version';
import { identify } from './digest';
import type { ModelArtifact } from './model-artifact';
import type { ModelBindOptions } from './model-bind-options';
import type { ModelImage } from './model-image';
import { type ModelVersion, versionOf } from './model-version';
import type { SharedCapacity } from './shared-capacity';
import { versionName } from './version-names';

/** How many copies of a model run on its shared capacity. */
export interface CopyCount {
  /**
   * Copies at the least; part of the version's digest. With 0 the last one goes when nobody asks, and the first request after that, which
   * fails, orders another: that takes minutes.
   */
  readonly min: number;

  /**
   * Copies at the most. More than `min` turns autoscaling on. Changed in place.
   *
   * @default - as many as `min`, at least 1
   */
  readonly max?: number;

  /**
   * Invocations per copy and minute that autoscaling aims at. Changed in place.
   *
   * @default 1000 - measure what a copy can take, and set two thirds of that
   */
  readonly invocationsPerCopy?: number;

  /**
   * Copies that the deployment waits for, 0 to `max`; part of the version's digest. With 0 nothing but a rollout waits: a candidate for
   * which there is no capacity yet holds with the reason and asks again, instead of failing the stack.
   *
   * @default - as many as `min`, at least 1
   */
  readonly initial?: number;
}

/** A model as an inference component on shared instances. */
export interface SageMakerComponentModelOptions extends ComponentResources {
  /** The instances that it shares with others. */
  readonly on: SharedCapacity;

  /** Container image that answers `/ping` and `/invocations` on port 8080. */
  readonly image: ModelImage;

  /**
   * The trained model.
   *
   * @default - the image has everything
   */
  readonly artifact?: ModelArtifact;

  /**
   * Environment variables of the container, at most 100.
   *
   * @default - none
   */
  readonly environment?: { [name: string]: string };

  /**
   * Number of copies.
   *
   * @default - one copy, no autoscaling
   */
  readonly copies?: CopyCount;

  /**
   * A label of the version, such as that of a model registry. It is part of the version's digest: another label is another version. A model
   * needs one where what it refers to is known only at deployment (a parameter of CloudFormation, a dynamic reference); change it whenever
   * that changes.
   *
   * @default - a version is told by its content
   */
  readonly version?: string;
}

/** @see Model.sageMakerComponent */
export class SageMakerComponentBackend {
  private readonly copies: Copies;

  constructor(private readonly props: SageMakerComponentModelOptions) {
    this.copies = copiesOf(props.copies);
  }

  public validate(): string[] {
    const { props } = this;
    return [
      ...(props.artifact?._problems() ?? []),
      ...componentResourceProblems('the component', props, props.on.instanceTypes),
      ...componentEnvironmentProblems('the component', props.environment),
      ...copiesProblems(this.copies),
    ];
  }

  public bind(scope: Construct, options: ModelBindOptions): ModelVersion {
    const { props, copies } = this;
    const { on, image, artifact, environment } = props;
    const bound = artifact?.bind(scope);
    const identity = identify(scope, {
      kind: 'SageMakerComponent',
      version: props.version,
      on: on._identity,
      image: image.bind(scope).imageUri,
      artifact: bound && (bound.identity ?? bound.url),
      environment,
      ...resourcesIdentity(props),
      copies: copies.min,
      initial: copies.initial,
    });
    return versionOf(scope, 'Component', identity, (id) => new ComponentVersion(scope, id, identity.digest, {
      on, image, artifact, environment, copies,
      name: versionName(scope, identity.digest),
      specification: { computeResourceRequirements: requirementsOf(props), startupParameters: startupOf(props) },
    }, options));
  }
}

function copiesOf({ min, max, initial, invocationsPerCopy }: CopyCount = { min: 1 }): Copies {
  const some = Token.isUnresolved(min) ? min : Math.max(1, min);
  return { min, max: max ?? some, initial: initial ?? some, invocationsPerCopy };
}

function copiesProblems({ min, max, initial, invocationsPerCopy }: Copies): string[] {
  const known = ![min, max, initial].some((value) => Token.isUnresolved(value));
  const limits = [
    ...wholeProblem('copies.min of the component', min, [0, 1_000], 'copies', '0 lets it scale to zero'),
    ...wholeProblem('copies.max of the component', max, [1, 1_000], 'copies', 'a model that answers has at least one'),
    ...wholeProblem('copies.initial of the component', initial, [0, 1_000], 'copies', '0 lets the deployment wait for none'),
    ...rangeProblem(
      'copies.invocationsPerCopy of the component', invocationsPerCopy, [1, 1e9], 'invocations a minute', 'set what a copy can take',
    ),
  ];
  if (!known || limits.length > 0) {
    return limits;
  }
  return [
    ...(min > max ? [`copies.min of the component is ${min}, more than copies.max, which is ${max}; raise max or lower min`] : []),
    ...(initial > max && min <= max
      ? [`copies.initial of the component is ${initial}, more than copies.max, which is ${max}; raise max or lower initial`]
      : []),
    ...(initial !== min && min === max
      ? [
          `copies.initial of the component is ${initial}, but without autoscaling there are ${min} for ever; give copies.max more than `
            + 'copies.min, or leave initial out',
        ]
      : []),
  ];
}
