import type { BackendFacts } from './backend-facts';
import { BEDROCK, type BedrockTarget } from './bedrock';
import { HTTP, type HttpTarget } from './http';
import { LAMBDA, type LambdaTarget } from './lambda';
import { SAGEMAKER, type SageMakerTarget } from './sagemaker';
import { SAGEMAKER_COMPONENT, type SageMakerComponentTarget } from './sagemaker-component';

/** Where a version is reached. */
export type Target = LambdaTarget | SageMakerTarget | SageMakerComponentTarget | HttpTarget | BedrockTarget;

/** A kind of what serves versions. Each has one part on every floor, in that floor's folder `backends`: see CONTRIBUTING. */
export type TargetKind = Target['kind'];

export type TargetOf<K extends TargetKind> = Extract<Target, { readonly kind: K }>;

/** What is known of each kind. */
export const BACKENDS: { readonly [K in TargetKind]: BackendFacts<TargetOf<K>> } = {
  lambda: LAMBDA, sagemaker: SAGEMAKER, 'sagemaker-component': SAGEMAKER_COMPONENT, http: HTTP, bedrock: BEDROCK,
};

/** What is known of a target's kind. */
export function factsOf({ kind }: Target): BackendFacts<Target> {
  return BACKENDS[kind];
}

export function isTargetKind(kind: unknown): kind is TargetKind {
  return typeof kind === 'string' && Object.hasOwn(BACKENDS, kind);
}
