/** Callers reach the versions by an alias of a Lambda function, without a router. */
export interface DirectAlias {
  readonly kind: 'lambda-alias';
  readonly functionName: string;
  readonly aliasName: string;
  /** Name of the one-time schedule that puts production back when the lease is over. */
  readonly schedule: string;
  /** Role of that schedule. */
  readonly roleArn: string;
}

/** In the place of a router function, where there is none. */
export const NO_ROUTER = 'none';
