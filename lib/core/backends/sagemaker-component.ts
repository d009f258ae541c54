import type { BackendFacts } from './backend-facts';

/** An inference component: a model on the instances of a SageMaker endpoint that others share. */
export interface SageMakerComponentTarget {
  readonly kind: 'sagemaker-component';
  readonly endpointName: string;
  readonly inferenceComponent: string;
  readonly maxRequestBytes: number;
}

export const SAGEMAKER_COMPONENT: BackendFacts<SageMakerComponentTarget> = {
  ownTimeout: false,
  startsWithRequests: false,
  services: ['sagemaker.runtime'],

  read: (member) => ({
    kind: 'sagemaker-component',
    endpointName: member.text('endpointName'),
    inferenceComponent: member.text('inferenceComponent'),
    maxRequestBytes: member.number('maxRequestBytes', 1),
  }),

  describe: ({ endpointName, inferenceComponent }) => `SageMaker ${endpointName}/${inferenceComponent}`,

  // Metrics of the endpoint are of all its components.
  isMeasuredBy: ({ inferenceComponent }, dimension) =>
    dimension('InferenceComponentName')?.toLowerCase() === inferenceComponent.toLowerCase(),

  takesJsonOnly: () => false,

  functionOf: () => undefined,

  fleetOf: ({ inferenceComponent }) => inferenceComponent,

  elsewhere: (target, inferenceComponent) => ({ ...target, inferenceComponent }),
};
