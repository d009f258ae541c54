import * as appscaling from 'aws-cdk-lib/aws-applicationautoscaling';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import { CfnInferenceComponent } from 'aws-cdk-lib/aws-sagemaker';
import { Duration, Stack, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge, wildcardFinding } from '../package/acknowledge';
import { SAGEMAKER_PAYLOAD_BYTES, SAGEMAKER_TIMEOUT_SECONDS } from '../core/aws-limits';
import type { Target } from '../core/backends/backends';
import type { DeclaredCapacity } from '../core/rollout/capacity';
import type { CapacityPlan } from '../core/rollout/plan';
import { known } from '../validate/limits';
import { goesWithVersion } from '../validate/policy-size';
import { allowOfStack } from './control-permission';
import { allowInvocation } from './invoke-permission';
import type { ModelArtifact } from './model-artifact';
import { grantImage, type ModelImage } from './model-image';
import type { ModelBindOptions } from './model-bind-options';
import { scalingStatements } from './scaling-permission';
import { ModelVersion } from './model-version';
import { logStatement, scalingRole, VARIANT_NAME } from './sagemaker-version';
import type { SharedCapacity } from './shared-capacity';
import { versionNamesOfStack } from './version-names';

/** What a component is made of. */
export interface ComponentParts {
  readonly on: SharedCapacity;
  /** Name of the component: it has the digest, because SageMaker would change a component of the same name in place. */
  readonly name: string;
  readonly image?: ModelImage;
  readonly artifact?: ModelArtifact;
  readonly environment?: { readonly [name: string]: string };
  readonly specification: Partial<CfnInferenceComponent.InferenceComponentSpecificationProperty>;
  /** Copies at the start; undefined for an adapter, which has those of its base. */
  readonly copies?: number;
}

/** An inference component with what its containers may read. */
export function defineComponent(
  scope: Construct, { on, name, image, artifact, environment, ...rest }: ComponentParts,
): CfnInferenceComponent {
  const found = image?.bind(scope);
  const artifactUrl = artifact?.bind(scope).url;
  const specification = { container: { image: found?.imageUri, artifactUrl, environment }, ...rest.specification };
  const component = new CfnInferenceComponent(scope, 'Resource', {
    inferenceComponentName: name,
    endpointName: on.endpointName,
    variantName: VARIANT_NAME,
    specification,
    ...(rest.copies === undefined ? {} : { runtimeConfig: { copyCount: rest.copies } }),
  });
  // Of adapters SageMaker takes one for all types.
  if (on.instanceTypes.length > 1 && rest.copies !== undefined) {
    // Older releases of the CDK do not know the property, so that it is written as CloudFormation has it.
    component.addPropertyDeletionOverride('Specification');
    component.addPropertyOverride(
      'Specifications', on.instanceTypes.map((type) => ({ InstanceType: type, ...inCloudFormation(specification) })),
    );
  }
  if (on._ownRole !== undefined) {
    const policy = reading(scope, on._ownRole, name);
    if (found !== undefined) {
      grantImage(found, policy);
    }
    artifact?.grantRead(policy);
    // SageMaker reads both when the component is made.
    component.node.addDependency(policy);
  }
  return component;
}

/** Members by the names that CloudFormation has for them; what users name stays. */
function inCloudFormation(members: object): { readonly [name: string]: unknown } {
  return Object.fromEntries(Object.entries(members as { readonly [name: string]: unknown }).flatMap(([name, value]) => {
    if (value === undefined) {
      return [];
    }
    const plain = typeof value !== 'object' || value === null || Token.isUnresolved(value) || name === 'environment';
    return [[name[0].toUpperCase() + name.slice(1), plain ? value : inCloudFormation(value)]];
  }));
}

/** What the containers of one component may do, for as long as it is there: the role is that of all. */
function reading(scope: Construct, role: iam.IRole, name: string): iam.Policy {
  const policy = goesWithVersion(new iam.Policy(scope, 'Read', { roles: [role] }));
  const { statement, resource: log } = logStatement(Stack.of(scope), `InferenceComponents/${name}`);
  policy.addStatements(statement);
  acknowledge(policy, {
    [wildcardFinding(policy, log)]: "SageMaker names the streams in this component's log group",
    'AwsSolutions-IAM5[Resource::*]': 'registry tokens have no ARN',
  });
  return policy;
}

/** How many copies a component has, in numbers or tokens. */
export interface Copies {
  readonly min: number;
  readonly max: number;
  readonly initial: number;
  readonly invocationsPerCopy?: number;
}

/** A version that is an inference component, named by the digest. */
export class ComponentVersion extends ModelVersion {
  public readonly timeout = Duration.seconds(SAGEMAKER_TIMEOUT_SECONDS);
  public readonly component: CfnInferenceComponent;
  protected readonly permission: iam.Policy;
  private readonly on: SharedCapacity;
  private readonly name: string;
  private readonly copies?: Copies;

  constructor(
    scope: Construct, id: string, digest: string,
    parts: Omit<ComponentParts, 'copies'> & { readonly copies?: Copies },
    bind: ModelBindOptions,
  ) {
    super(scope, id, digest);
    this.on = parts.on;
    this.name = parts.name;
    this.copies = parts.copies;
    this.component = defineComponent(this, { ...parts, copies: parts.copies?.initial });
    const stack = Stack.of(this);
    this.permission = allowInvocation(this, bind.invoker, ['sagemaker:InvokeEndpoint'], [
      stack.formatArn({ service: 'sagemaker', resource: 'endpoint', resourceName: parts.on.endpointName }),
      stack.formatArn({ service: 'sagemaker', resource: 'inference-component', resourceName: parts.name }),
    ]);
    this.component.node.addDependency(this.permission);
    if (parts.copies !== undefined && scales(parts.copies)) {
      this.scale(parts.copies);
    }
  }

  /** @internal */
  public _target(): Target {
    return {
      kind: 'sagemaker-component',
      endpointName: this.on.endpointName,
      inferenceComponent: this.name,
      maxRequestBytes: SAGEMAKER_PAYLOAD_BYTES,
    };
  }

  /** @internal */
  public override _declaredCapacity(): DeclaredCapacity {
    const { copies } = this;
    return copies === undefined || !known(copies.max)
      ? {}
      : {
          instances: {
            most: copies.max, scales: scales(copies), unit: 'copies',
            ...(known(copies.invocationsPerCopy) ? { requestsPerMinute: copies.invocationsPerCopy } : {}),
          },
        };
  }

  /** @internal */
  public override _beginsWithoutCapacity(): boolean {
    return this.copies !== undefined && (this.copies.initial === 0 || this.copies.min === 0);
  }

  /** @internal */
  public override _admitController(controller: iam.IRole): void {
    const components = componentsOfStack(controller);
    allowOfStack(controller, 'OwnComponents', { [components]: OWN_NAMES }, [
      new iam.PolicyStatement({ actions: ['sagemaker:DescribeInferenceComponent'], resources: [components] }),
    ]);
  }

  /** @internal */
  public override _preWarm(controller: iam.IRole): CapacityPlan | undefined {
    const { copies } = this;
    if (copies === undefined || !scales(copies)) {
      return undefined;
    }
    const components = componentsOfStack(controller);
    allowOfStack(controller, 'OwnCopies', { [components]: OWN_NAMES }, [
      ...scalingStatements(DIMENSION),
      new iam.PolicyStatement({
        // Whoever moves the limits must be allowed to do by hand what they make the service do.
        actions: ['sagemaker:UpdateInferenceComponentRuntimeConfig'],
        resources: [components],
      }),
    ]);
    return { min: copies.min, max: copies.max };
  }

  private scale({ min, max, invocationsPerCopy }: Copies): void {
    const target = new appscaling.ScalableTarget(this, 'Scaling', {
      serviceNamespace: appscaling.ServiceNamespace.SAGEMAKER,
      scalableDimension: DIMENSION,
      resourceId: `inference-component/${this.name}`,
      minCapacity: min,
      maxCapacity: max,
      role: scalingRole(this),
    });
    target.node.addDependency(this.component);
    target.scaleToTrackMetric('Invocations', {
      predefinedMetric: appscaling.PredefinedMetric.SAGEMAKER_INFERENCE_COMPONENT_INVOCATIONS_PER_COPY,
      targetValue: invocationsPerCopy ?? 1_000,
      scaleOutCooldown: Duration.minutes(1),
      scaleInCooldown: Duration.minutes(5),
    });
    if (min === 0) {
      this.wakeFromZero(target);
    }
  }

  /**
   * Nothing is tracked of what has no copy: the first request that finds none raises an alarm, which orders one. As SageMaker's guide has
   * it ("Scale an endpoint to zero instances").
   */
  private wakeFromZero(target: appscaling.ScalableTarget): void {
    const action = new appscaling.StepScalingAction(this, 'FirstCopy', {
      scalingTarget: target,
      adjustmentType: appscaling.AdjustmentType.CHANGE_IN_CAPACITY,
      metricAggregationType: appscaling.MetricAggregationType.MAXIMUM,
      cooldown: Duration.minutes(1),
    });
    action.addAdjustment({ lowerBound: 0, adjustment: 1 });
    const alarm = new cloudwatch.Alarm(this, 'NoCopy', {
      alarmDescription: `Somebody asks inference component ${this.name}, which has no copy; it gets one`,
      metric: new cloudwatch.Metric({
        namespace: 'AWS/SageMaker',
        metricName: 'NoCapacityInvocationFailures',
        dimensionsMap: { InferenceComponentName: this.name },
        statistic: 'Sum',
        period: Duration.minutes(1),
      }),
      threshold: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction({ bind: () => ({ alarmActionArn: action.scalingPolicyArn }) });
  }
}

const DIMENSION = 'sagemaker:inference-component:DesiredCopyCount';
const OWN_NAMES = "the names of this stack's versions, and of nothing else, have its tag";

/** Numbers that are known only at deployment cannot be compared, but whoever gives two means to scale. */
function scales({ min, max }: Copies): boolean {
  return Token.isUnresolved(min) || Token.isUnresolved(max) ? min !== max : max > min;
}

function componentsOfStack(scope: Construct): string {
  return Stack.of(scope).formatArn({ service: 'sagemaker', resource: 'inference-component', resourceName: versionNamesOfStack(scope) });
}
