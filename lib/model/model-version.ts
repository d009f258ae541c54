import type * as iam from 'aws-cdk-lib/aws-iam';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { DeclaredCapacity } from '../core/rollout/capacity';
import { API_GATEWAY_TIMEOUT_SECONDS, LAMBDA_TIMEOUT_SECONDS } from '../core/aws-limits';
import type { CapacityPlan } from '../core/rollout/plan';
import type { Target } from '../core/backends/backends';
import type { PinnedRequest } from '../core/registry/pinned-request';
import type { JsonSchema } from '../core/routing/measures';
import { optional } from '../core/optional';
import { shortDigest, type VersionIdentity } from './digest';
import type { ModelBindOptions } from './model-bind-options';
import type { VersionWords } from './version-words';

/** A request that a registry knows of a model, and what its answer must follow. */
export interface RegisteredTest extends PinnedRequest {
  readonly schema?: JsonSchema;
}

/**
 * One immutable deployment of a model: its resources, and the permission of the router to invoke it.
 */
export abstract class ModelVersion extends Construct {
  /** Digest of everything that makes the version what it is, 64 hexadecimal characters. */
  public readonly digest: string;

  /**
   * What makes the version what it is.
   *
   * @internal
   */
  public _words: VersionWords = {};

  /**
   * ARN of the package of SageMaker's model registry that it was made of, if it was.
   *
   * @internal
   */
  public _modelPackage?: string;

  /**
   * What its registry knows to ask it before any caller does, and how it then must answer.
   *
   * @internal
   */
  public _registeredTests: readonly RegisteredTest[] = [];

  /** The longest that the backend may take to answer. */
  public abstract readonly timeout: Duration;

  /** Lets the router invoke the version; undefined where nothing needs to be allowed. */
  protected abstract readonly permission?: iam.Policy;

  constructor(scope: Construct, id: string, digest: string) {
    super(scope, id);
    this.digest = digest;
  }

  /**
   * How the router reaches the version.
   *
   * @internal
   */
  public abstract _target(): Target;

  /**
   * Let somebody else invoke the version for as long as the router may.
   *
   * @internal
   */
  public _admitInvoker(role: iam.IRole): void {
    this.permission?.attachToRole(role);
  }

  /**
   * Let the controller of rollouts see how far the version is, by a policy that belongs to the version. Nothing to see here.
   *
   * @internal
   */
  public _admitController(_controller: iam.IRole): void {}

  /**
   * The most that it can answer, as far as the template says.
   *
   * @internal
   */
  public _declaredCapacity(): DeclaredCapacity {
    return {};
  }

  /**
   * It may have nothing that answers when its rollout begins: capacity comes when there is some, and the rollout waits for it.
   *
   * @internal
   */
  public _beginsWithoutCapacity(): boolean {
    return false;
  }

  /**
   * Let the controller start the version anew beside itself, by a policy that belongs to the version, and remove that again. Returns why
   * it cannot be, or nothing.
   *
   * @internal
   */
  public _admitFreshCopy(_controller: iam.IRole): string[] {
    return ['it is not a Lambda function that is defined here'];
  }

  /**
   * Let the controller raise the version's autoscaled capacity before it has traffic, and hold it while others have its traffic.
   * Undefined: it does not scale.
   *
   * @internal
   */
  public _preWarm(_controller: iam.IRole): CapacityPlan | undefined {
    return undefined;
  }
}

/** The time-out of a model that has none of its own, in whole seconds as Lambda takes it. */
export function defaultTimeout({ timeout }: ModelBindOptions): Duration {
  return Duration.seconds(
    timeout === undefined
      ? API_GATEWAY_TIMEOUT_SECONDS
      : Math.min(LAMBDA_TIMEOUT_SECONDS, Math.max(1, Math.floor(timeout.toSeconds({ integral: false })))),
  );
}

/** The version of this kind and digest under `scope`, defined now unless it is there already. */
export function versionOf<T extends ModelVersion>(
  scope: Construct,
  kind: string,
  { digest, words }: VersionIdentity,
  define: (id: string) => T,
): T {
  const id = `${kind}-${shortDigest(digest)}`;
  const version = (scope.node.tryFindChild(id) as T | undefined) ?? define(id);
  version._words = words;
  return version;
}

/** The requests that a registry knows, each with what its answer must follow. */
export function testsOf(requests: readonly PinnedRequest[] = [], schema?: JsonSchema): RegisteredTest[] {
  return requests.map((request) => ({ ...request, ...optional('schema', schema) }));
}
