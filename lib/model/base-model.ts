import type { CfnInferenceComponent } from 'aws-cdk-lib/aws-sagemaker';
import { Construct } from 'constructs';
import { componentEnvironmentProblems } from '../validate/environment';
import { failTogether } from '../validate/fail-together';
import { wholeProblem } from '../validate/limits';
import { componentResourceProblems, type ComponentResources, requirementsOf, resourcesIdentity, startupOf } from './component-resources';
import { defineComponent } from './component-version';
import { identify, shortDigest } from './digest';
import type { ModelArtifact } from './model-artifact';
import type { ModelImage } from './model-image';
import type { SharedCapacity } from './shared-capacity';
import { versionName } from './version-names';

/** Properties of {@link BaseModel}. */
export interface BaseModelProps extends ComponentResources {
  /** The instances that it shares with others. */
  readonly on: SharedCapacity;

  /** Container image that answers `/ping` and `/invocations` on port 8080 and serves adapters, such as DJL's LMI. */
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
   * Number of copies. Adapters are loaded into each of them.
   *
   * @default 1
   */
  readonly copies?: number;

  /**
   * A label of the version, part of its digest; needed where what it refers to is known only at deployment.
   *
   * @default - it is told by its content
   */
  readonly version?: string;
}

/**
 * A foundation model on shared instances, into which adapters (LoRA) are loaded: `Model.sageMakerAdapter({ base, … })`. Whatever changes in
 * it is another component beside the old one, and another version of each adapter, so that a new base reaches callers by their rollouts.
 */
export class BaseModel extends Construct {
  /** Name of the inference component. */
  public readonly componentName: string;

  /** The instances that it shares with others. */
  public readonly on: SharedCapacity;

  /**
   * What tells it from others in a version's digest.
   *
   * @internal
   */
  public readonly _identity: string;

  /**
   * The component, which adapters need before they are made.
   *
   * @internal
   */
  public readonly _component: CfnInferenceComponent;

  constructor(scope: Construct, id: string, props: BaseModelProps) {
    super(scope, id);
    const { on, image, artifact, environment, copies = 1 } = props;
    failTogether([
      ...(artifact?._problems() ?? []),
      ...componentResourceProblems('the base model', props, on.instanceTypes),
      ...componentEnvironmentProblems('the base model', environment),
      ...wholeProblem('copies of the base model', copies, [1, 1_000], 'copies', 'adapters need at least one'),
    ], this);
    const bound = artifact?.bind(this);
    const { digest } = identify(this, {
      kind: 'BaseModel',
      version: props.version,
      on: on._identity,
      image: image.bind(this).imageUri,
      artifact: bound && (bound.identity ?? bound.url),
      environment,
      ...resourcesIdentity(props),
      copies,
    });
    this.on = on;
    this._identity = digest;
    this.componentName = versionName(this, digest);
    this._component = defineComponent(new Construct(this, shortDigest(digest)), {
      on, image, artifact, environment, copies,
      name: this.componentName,
      specification: { computeResourceRequirements: requirementsOf(props), startupParameters: startupOf(props) },
    });
  }
}
