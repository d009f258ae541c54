import type { BackendFacts } from './backend-facts';

/** A Lambda function. */
export interface LambdaTarget {
  readonly kind: 'lambda';
  /** Function, version or alias ARN. */
  readonly functionArn: string;
  /** `json`: event and return value are the bodies; `http`: a Function-URL-shaped event and a status/headers/body answer. */
  readonly contract: 'json' | 'http';
  readonly maxRequestBytes: number;
}

export const LAMBDA: BackendFacts<LambdaTarget> = {
  ownTimeout: true,
  startsWithRequests: true,
  services: ['lambda'],

  read: (member) => ({
    kind: 'lambda',
    functionArn: member.text('functionArn'),
    contract: member.oneOf('contract', ['json', 'http']),
    maxRequestBytes: member.number('maxRequestBytes', 1),
  }),

  describe: ({ functionArn }) => `Lambda ${functionArn.split(':').slice(6).join(':') || functionArn}`,

  // All versions of a function have its name.
  isMeasuredBy: ({ functionArn }, dimension) => dimension('FunctionName') === functionArn.split(':')[6],

  takesJsonOnly: ({ contract }) => contract === 'json',

  functionOf: ({ functionArn }) => functionArn,

  fleetOf: () => undefined,

  // Another version of the same function.
  elsewhere: (target, place) => ({ ...target, functionArn: `${target.functionArn.split(':').slice(0, 7).join(':')}:${place}` }),
};
