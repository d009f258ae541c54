import { CfnResource, Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

/**
 * The resources of a type below a construct and in its stack. They are known by their type, since those of another copy of aws-cdk-lib have
 * other classes.
 */
export function resourcesOf<T extends CfnResource>(scope: IConstruct, type: string): T[] {
  return scope.node.findAll().filter((child): child is T => isResource(child, type) && Stack.of(child) === Stack.of(scope));
}

/** Whether a construct is a resource of a type. */
export function isResource(construct: IConstruct | undefined, type: string): construct is CfnResource {
  return construct !== undefined && CfnResource.isCfnResource(construct) && construct.cfnResourceType === type;
}
