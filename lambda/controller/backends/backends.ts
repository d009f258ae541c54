import type { Target, TargetKind } from '../../../lib/core/backends/backends';
import type { LookedAfter } from './backend';
import { BEDROCK } from './bedrock';
import { HTTP } from './http';
import { LAMBDA } from './lambda';
import { SAGEMAKER } from './sagemaker';
import { SAGEMAKER_COMPONENT } from './sagemaker-component';

const BACKENDS: { readonly [K in TargetKind]: LookedAfter } = {
  lambda: LAMBDA, sagemaker: SAGEMAKER, 'sagemaker-component': SAGEMAKER_COMPONENT, http: HTTP, bedrock: BEDROCK,
};

/** How versions of a target's kind are looked after. */
export function backendOf({ kind }: Pick<Target, 'kind'>): LookedAfter {
  return BACKENDS[kind];
}
