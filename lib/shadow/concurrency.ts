import { Stack } from 'aws-cdk-lib/core';
import type { Construct, IConstruct } from 'constructs';

/** Concurrency of a new account in a region, and what Lambda keeps unreserved of it. */
const ACCOUNT_CONCURRENCY = 1_000;
const UNRESERVED = 100;

/** What the mirrors of an app have set aside, by account and region. */
const RESERVED = new WeakMap<IConstruct, Map<string, number>>();

/** Add what a mirror sets aside. A sentence where all mirrors together may take more than the account lets be set aside. */
export function mirroredConcurrency(scope: Construct, reserved: number): string | undefined {
  const { root } = scope.node;
  const byEnvironment = RESERVED.get(root) ?? new Map<string, number>();
  RESERVED.set(root, byEnvironment);
  const { environment } = Stack.of(scope);
  const before = byEnvironment.get(environment) ?? 0;
  const total = before + reserved;
  byEnvironment.set(environment, total);
  const most = ACCOUNT_CONCURRENCY - UNRESERVED;
  return total > most
    ? `the mirrors of the app set ${total} of concurrency aside in ${environment}, but an account whose quota is `
      + `${ACCOUNT_CONCURRENCY} has ${most} to set aside for all of its functions; ` +
        'lower maxConcurrency, or acknowledge this where the quota has been raised'
    : undefined;
}
