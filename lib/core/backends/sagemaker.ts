import { optional } from '../optional';
import type { BackendFacts } from './backend-facts';

/** A SageMaker endpoint, or a part of one. */
export interface SageMakerTarget {
  readonly kind: 'sagemaker';
  readonly endpointName: string;
  /** Variant inside an endpoint that has several, else SageMaker's own weights decide. */
  readonly targetVariant?: string;
  readonly inferenceComponent?: string;
  readonly maxRequestBytes: number;
}

export const SAGEMAKER: BackendFacts<SageMakerTarget> = {
  ownTimeout: false,
  startsWithRequests: false,
  services: ['sagemaker.runtime'],

  read: (member) => ({
    kind: 'sagemaker',
    endpointName: member.text('endpointName'),
    ...optional('targetVariant', member.optionalText('targetVariant')),
    ...optional('inferenceComponent', member.optionalText('inferenceComponent')),
    maxRequestBytes: member.number('maxRequestBytes', 1),
  }),

  describe: ({ endpointName, targetVariant, inferenceComponent }) =>
    `SageMaker ${[endpointName, targetVariant, inferenceComponent].filter((part) => part !== undefined).join('/')}`,

  // The metrics have the name as it was given, which need not be as the target has it: it has no case.
  isMeasuredBy: ({ endpointName }, dimension) => dimension('EndpointName')?.toLowerCase() === endpointName.toLowerCase(),

  takesJsonOnly: () => false,

  functionOf: () => undefined,

  fleetOf: ({ endpointName }) => endpointName,

  elsewhere: (target, endpointName) => ({ ...target, endpointName }),
};
