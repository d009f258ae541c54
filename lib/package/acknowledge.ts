import { Validations } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { readable } from '../validate/readable';

/**
 * Say why a finding of cdk-nag's AwsSolutions is as it must be, so that users of a construct need not. Only for what a construct
 * imposes: what a user chooses is the user's to answer for.
 *
 * This writes what `Validations.acknowledge` writes, because the lowest supported aws-cdk-lib refuses the names of findings.
 */
export function acknowledge(scope: IConstruct, reasons: { readonly [rule: string]: string }): void {
  scope.node.addMetadata(Validations.ACKNOWLEDGED_RULES_METADATA_KEY, reasons);
}

/** The finding about a wildcard in an ARN, as cdk-nag writes it: references in angle brackets. */
export function wildcardFinding(scope: IConstruct, arn: string): string {
  return `AwsSolutions-IAM5[Resource::${readable(scope, arn)}]`;
}
