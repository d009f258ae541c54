import * as logs from 'aws-cdk-lib/aws-logs';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { keyOf } from './key-of';

export interface LogProps {
  /**
   * @default RetentionDays.ONE_MONTH
   */
  readonly retention?: logs.RetentionDays;
  /**
   * @default RemovalPolicy.DESTROY
   */
  readonly removalPolicy?: RemovalPolicy;
  readonly logGroupName?: string;
}

/** A log that ends, with the key of the place where it is. */
export function logGroup(scope: Construct, id: string, props: LogProps = {}): logs.LogGroup {
  return new logs.LogGroup(scope, id, {
    ...props,
    retention: props.retention ?? logs.RetentionDays.ONE_MONTH,
    removalPolicy: props.removalPolicy ?? RemovalPolicy.DESTROY,
    encryptionKey: keyOf(scope),
  });
}
