import { optional } from '../optional';
import type { BackendFacts } from './backend-facts';

/** A model server that is reached by HTTP. */
export interface HttpTarget {
  readonly kind: 'http';
  /** Where requests are sent with POST. */
  readonly url: string;
  /** Where a GET says whether it is well. */
  readonly healthUrl?: string;
  /** What each request has besides. */
  readonly headers?: { readonly [name: string]: string };
  readonly secret?: HttpSecret;
  readonly maxRequestBytes: number;
}

/** A secret that each request carries. */
export interface HttpSecret {
  readonly arn: string;
  /** Field of the secret's JSON; absent: all of it. */
  readonly field?: string;
  /** The header that has it, and what is before it there. */
  readonly header: string;
  readonly prefix?: string;
}

export const HTTP: BackendFacts<HttpTarget> = {
  ownTimeout: true,
  startsWithRequests: false,
  services: ['secretsmanager'],

  read: (member) => ({
    kind: 'http',
    url: member.text('url'),
    ...optional('healthUrl', member.optionalText('healthUrl')),
    ...optional('headers', member.optionalTexts('headers')),
    ...optional('secret', member.optionalMember('secret', (secret) => ({
      arn: secret.text('arn'),
      ...optional('field', secret.optionalText('field')),
      header: secret.text('header'),
      ...optional('prefix', secret.optionalText('prefix')),
    }))),
    maxRequestBytes: member.number('maxRequestBytes', 1),
  }),

  // Without what may be in its query.
  describe: ({ url }) => `HTTP ${url.replace(/^\w+:\/\//, '').replace(/[?#].*$/, '')}`,

  // What runs elsewhere publishes elsewhere.
  isMeasuredBy: () => false,

  takesJsonOnly: () => false,

  functionOf: () => undefined,

  fleetOf: () => undefined,

  // A fragment tells apart and is never sent.
  elsewhere: (target, place) => ({ ...target, url: `${target.url.replace(/#.*$/, '')}#${place}` }),
};
