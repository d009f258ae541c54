import { isObject } from '../json/is-object';
import { isListOfRequests, type PinnedRequest } from './pinned-request';

/** Which package of SageMaker's model registry is meant: one by its ARN, or the newest approved of a group. */
export interface PackageQuery {
  readonly account: string;
  readonly region: string;
  /** ARN of one package. */
  readonly arn?: string;
  /** Name of a group, of which the newest approved package is meant. */
  readonly group?: string;
}

/** A package as the app's context keeps it: all that synthesis needs, so that it asks nobody. */
export interface PinnedPackage {
  readonly arn: string;
  /** When it was looked up: its approval, `Approved`, `Rejected` or `PendingManualApproval`. */
  readonly approval: string;
  /** Stage of its life cycle, as whoever runs the registry names it. */
  readonly stage?: string;
  /** With its digest where the registry knows it. */
  readonly image: string;
  /** `s3://bucket/key` of a tar.gz file. */
  readonly artifact?: string;
  /** What S3 said of the artifact's content when the package was made. */
  readonly artifactETag?: string;
  readonly environment: { readonly [name: string]: string };
  /** Types on which it may serve; any where there are none. */
  readonly instanceTypes: readonly string[];
  /** Its sample payload. */
  readonly requests?: readonly PinnedRequest[];
}

/** A package as SageMaker describes it, as far as it is looked at. */
export interface DescribedPackage {
  readonly ModelPackageArn?: string;
  readonly ModelPackageStatus?: string;
  readonly ModelApprovalStatus?: string;
  readonly ModelLifeCycle?: { readonly Stage?: string };
  readonly SamplePayloadUrl?: string;
  readonly InferenceSpecification?: {
    readonly Containers?: readonly DescribedContainer[];
    readonly SupportedContentTypes?: readonly string[];
    readonly SupportedRealtimeInferenceInstanceTypes?: readonly string[];
  };
}

interface DescribedContainer {
  readonly Image?: string;
  readonly ImageDigest?: string;
  readonly ModelDataUrl?: string;
  readonly ModelDataETag?: string;
  readonly ModelDataSource?: object;
  readonly Environment?: { readonly [name: string]: string };
}

const PACKAGE_ARN = /^arn:[\w-]+:sagemaker:([\w-]+):(\d{12}):model-package\/([\w-]+(?:\/\d+)?)$/;
const GROUP_ARN = /^arn:[\w-]+:sagemaker:([\w-]+):(\d{12}):model-package-group\/([\w-]+)$/;

/** The parts of a package's ARN; undefined where it is none. */
export function packageOfArn(arn: string): PackageQuery | undefined {
  const [, region, account] = PACKAGE_ARN.exec(arn) ?? [];
  return region === undefined ? undefined : { account, region, arn };
}

/** The parts of a group's ARN; undefined where it is none. */
export function groupOfArn(arn: string): PackageQuery | undefined {
  const [, region, account, group] = GROUP_ARN.exec(arn) ?? [];
  return region === undefined ? undefined : { account, region, group };
}

/** Where the app's context keeps what a query found, in the manner of CDK's own keys. */
export function packageContextKey({ account, region, arn, group }: PackageQuery): string {
  return `cdk-model-rollout:model-package:account=${account}:region=${region}:${arn === undefined ? `group=${group}` : `arn=${arn}`}`;
}

/** What of a package is kept, or why it cannot be served as one version. */
export function pinOf(described: DescribedPackage): PinnedPackage | { readonly problem: string } {
  const { ModelPackageArn: arn, InferenceSpecification: specification, ModelPackageStatus: status } = described;
  const containers = specification?.Containers ?? [];
  const [container] = containers;
  const problem = (what: string): { problem: string } => ({ problem: `model package ${arn} ${what}` });
  if (arn === undefined || (status !== undefined && status !== 'Completed')) {
    return problem(`is ${status ?? 'not described'}, not Completed; wait until SageMaker has made it, or register it again`);
  }
  if (containers.length !== 1 || container.Image === undefined) {
    return problem(
      `has ${containers.length} containers, but a model here has one; register a package with one container, or serve the endpoint that `
        + 'you make of it with Model.fromSageMakerEndpointName',
    );
  }
  if (container.ModelDataUrl === undefined && container.ModelDataSource !== undefined) {
    return problem(
      'has a model that is not a single tar.gz file (ModelDataSource without ModelDataUrl); register it with a ModelDataUrl, or serve the '
        + 'endpoint that you make of it with Model.fromSageMakerEndpointName',
    );
  }
  return {
    arn,
    approval: described.ModelApprovalStatus ?? 'PendingManualApproval',
    ...(described.ModelLifeCycle?.Stage === undefined ? {} : { stage: described.ModelLifeCycle.Stage }),
    image: withDigest(container.Image, container.ImageDigest),
    ...(container.ModelDataUrl === undefined ? {} : { artifact: container.ModelDataUrl }),
    ...(container.ModelDataETag === undefined ? {} : { artifactETag: container.ModelDataETag }),
    environment: container.Environment ?? {},
    instanceTypes: specification?.SupportedRealtimeInferenceInstanceTypes ?? [],
  };
}

/** What the context has, as it is kept there; undefined where somebody has made something else of it. */
export function readPin(value: unknown): PinnedPackage | undefined {
  const pin = value as PinnedPackage;
  return isObject(value)
    && [pin.arn, pin.approval, pin.image].every((text) => typeof text === 'string')
    && [pin.artifact, pin.artifactETag, pin.stage].every((text) => text === undefined || typeof text === 'string')
    && isObject(pin.environment)
    && Object.values(pin.environment).every((text) => typeof text === 'string')
    && Array.isArray(pin.instanceTypes)
    && (pin.requests === undefined || isListOfRequests(pin.requests))
    ? pin
    : undefined;
}

/** Why a package must not reach users, or nothing. */
export function refusalOf({ arn, approval, stage }: PinnedPackage): string | undefined {
  if (approval !== 'Approved') {
    return `model package ${arn} is ${approval}, not Approved`;
  }
  return stage?.toLowerCase() === 'archived' ? `model package ${arn} is archived (stage ${JSON.stringify(stage)})` : undefined;
}

/** A digest names the same image for ever, a tag does not. */
function withDigest(image: string, digest: string | undefined): string {
  if (digest === undefined || image.includes('@')) {
    return image;
  }
  const [, repository] = /^(.*?)(?::[\w.-]+)?$/s.exec(image)!;
  return `${repository}@${digest}`;
}
