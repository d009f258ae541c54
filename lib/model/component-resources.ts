import type { Duration, Size } from 'aws-cdk-lib/core';
import { Token } from 'aws-cdk-lib/core';
import { rangeProblem, wholeProblem } from '../validate/limits';
import { acceleratorsOf } from './instance-types';

/** What one copy of a model gets of the instances that it shares, and how long it may take to start. */
export interface ComponentResources {
  /** Memory that a copy reserves, at least 128 MiB. A reservation and no limit; instances keep a part of theirs for themselves. */
  readonly memorySize: Size;

  /**
   * Memory that a copy may use at the most, at least `memorySize`.
   *
   * @default - SageMaker sets no limit
   */
  readonly maxMemorySize?: Size;

  /**
   * Accelerators (GPUs, Inferentia) of a copy, at least 1.
   *
   * @default - none
   */
  readonly accelerators?: number;

  /**
   * CPU cores of a copy, at least 0.25.
   *
   * @default - none are reserved
   */
  readonly cpus?: number;

  /**
   * How long the artifact's download may take, 60 to 3600 s.
   *
   * @default - SageMaker's own limit
   */
  readonly modelDataDownloadTimeout?: Duration;

  /**
   * How long the container may take to answer `/ping`, 60 to 3600 s.
   *
   * @default - SageMaker's own limit
   */
  readonly containerStartupTimeout?: Duration;
}

/** What SageMaker would refuse of a copy, or would find no instance for. */
export function componentResourceProblems(owner: string, resources: ComponentResources, instanceTypes: readonly string[]): string[] {
  const { accelerators } = resources;
  const [memory, most] = [mebibytes(resources.memorySize), mebibytes(resources.maxMemorySize)];
  return [
    ...rangeProblem(`memorySize of ${owner}`, memory, [128, 1e8], 'MiB', 'reserve what a copy needs to start'),
    ...rangeProblem(`maxMemorySize of ${owner}`, most, [128, 1e8], 'MiB', 'leave it out for no limit'),
    ...(memory !== undefined && most !== undefined && most < memory
      ? [`maxMemorySize of ${owner} is ${most} MiB, less than memorySize, which is ${memory} MiB; raise it, or leave it out`]
      : []),
    ...wholeProblem(`accelerators of ${owner}`, accelerators, [1, 64], 'accelerators', 'leave it out for none'),
    ...rangeProblem(`cpus of ${owner}`, resources.cpus, [0.25, 1_024], 'cores', 'leave it out to reserve none'),
    ...rangeProblem(
      `modelDataDownloadTimeout of ${owner}`, seconds(resources.modelDataDownloadTimeout), [60, 3_600], 's',
      "leave it out for SageMaker's own",
    ),
    ...rangeProblem(
      `containerStartupTimeout of ${owner}`, seconds(resources.containerStartupTimeout), [60, 3_600], 's',
      "leave it out for SageMaker's own",
    ),
    ...(accelerators === undefined || Token.isUnresolved(accelerators)
      ? []
      : instanceTypes.flatMap((type) => tooFewAccelerators(owner, accelerators, type))),
  ];
}

/** As CloudFormation has them. */
export function requirementsOf({ memorySize, maxMemorySize, accelerators, cpus }: ComponentResources): {
  readonly minMemoryRequiredInMb: number;
  readonly maxMemoryRequiredInMb?: number;
  readonly numberOfAcceleratorDevicesRequired?: number;
  readonly numberOfCpuCoresRequired?: number;
} {
  return {
    minMemoryRequiredInMb: memorySize.toMebibytes(),
    maxMemoryRequiredInMb: maxMemorySize?.toMebibytes(),
    numberOfAcceleratorDevicesRequired: accelerators,
    numberOfCpuCoresRequired: cpus,
  };
}

/** What applies while its container starts, as CloudFormation has it; undefined where SageMaker's own limits do. */
export function startupOf({ modelDataDownloadTimeout: download, containerStartupTimeout: startup }: ComponentResources): {
  readonly modelDataDownloadTimeoutInSeconds?: number;
  readonly containerStartupHealthCheckTimeoutInSeconds?: number;
} | undefined {
  return download === undefined && startup === undefined
    ? undefined
    : { modelDataDownloadTimeoutInSeconds: download?.toSeconds(), containerStartupHealthCheckTimeoutInSeconds: startup?.toSeconds() };
}

/** What of it is part of a version's digest. */
export function resourcesIdentity(resources: ComponentResources): { readonly [member: string]: unknown } {
  return {
    memory: resources.memorySize.toMebibytes(),
    maxMemory: resources.maxMemorySize?.toMebibytes(),
    accelerators: resources.accelerators,
    cpus: resources.cpus,
    download: resources.modelDataDownloadTimeout?.toSeconds(),
    startup: resources.containerStartupTimeout?.toSeconds(),
  };
}

function tooFewAccelerators(owner: string, accelerators: number, type: string): string[] {
  const has = acceleratorsOf(type);
  return has === undefined || has >= accelerators
    ? []
    : [`accelerators of ${owner} is ${accelerators}, but ${type} has ${has}, so that no copy fits; choose a larger type, or ask for fewer`];
}

function mebibytes(size: Size | undefined): number | undefined {
  return size === undefined || size.isUnresolved() ? undefined : size.toMebibytes();
}

function seconds(duration: Duration | undefined): number | undefined {
  return duration === undefined || duration.isUnresolved() ? undefined : duration.toSeconds();
}
