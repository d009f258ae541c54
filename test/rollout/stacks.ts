import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Template } from 'aws-cdk-lib/assertions';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { Model, ModelEndpoint, type ModelEndpointProps } from '../../lib';
import type { RolloutPlan } from '../../lib/core/rollout/plan';

export function newStack(id = 'Stack', app = new App()): Stack {
  return new Stack(app, id, { env: { account: '111111111111', region: 'eu-west-1' } });
}

export function inline(text: string, props: Partial<Parameters<typeof Model.lambda>[0]> = {}): Model {
  return Model.lambda({ code: lambda.Code.fromInline(text), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X, ...props });
}

export function newEndpoint(stack: Stack = newStack(), props: Partial<ModelEndpointProps> = {}): ModelEndpoint {
  return new ModelEndpoint(stack, 'Fraud', { model: inline('v1'), endpointName: 'fraud', ...props } as ModelEndpointProps);
}

/** A value with intrinsic functions as one text, references as `<LogicalId>`. */
export function flat(value: unknown): string {
  const { Ref: ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = (value ?? {}) as { Ref?: string; 'Fn::GetAtt'?: [string, string]; 'Fn::Join'?: [string, unknown[]] };
  if (join !== undefined) {
    return join[1].map(flat).join(join[0]);
  }
  return attribute !== undefined ? `<${attribute.join('.')}>` : ref !== undefined ? `<${ref}>` : String(value);
}

export interface RouteResource {
  readonly Properties: { readonly [property: string]: unknown };
  readonly DependsOn: string[];
}

/** The custom resource of an alias. */
export function routeOf(template: Template, alias = 'live'): RouteResource {
  const routes = Object.values(template.findResources('Custom::ModelRolloutRoute')) as RouteResource[];
  return routes.find(({ Properties: properties }) => String(properties.Alias).endsWith(`/${alias}`))!;
}

export function planOf(template: Template, alias = 'live'): RolloutPlan {
  return JSON.parse(flat(routeOf(template, alias).Properties.Plan)) as RolloutPlan;
}

/** Ids and texts of a stack's warnings. */
export function warnings(stack: Stack): string[] {
  return Annotations.fromStack(stack).findWarning('*', Match.anyValue()).map(({ entry }) => String(entry.data));
}

interface Statement { readonly Action: string | string[]; readonly Resource: unknown; readonly Condition?: unknown }

/** Every statement of the policies of a role, its own and those attached to it, by the beginning of the role's logical id. */
export function statementsOf(template: Template, role: string): Statement[] {
  const own = Object.entries(template.findResources('AWS::IAM::Role'))
    .filter(([id]) => id.startsWith(role))
    .flatMap(([, { Properties: { Policies: policies } }]) => (policies ?? []) as { PolicyDocument: { Statement: Statement[] } }[])
    .flatMap(({ PolicyDocument: { Statement: statements } }) => statements);
  const attached = Object.values(template.findResources('AWS::IAM::Policy'))
    .filter(({ Properties: { Roles: roles } }) => (roles as { Ref?: string }[]).some((each) => each.Ref?.startsWith(role) === true))
    .flatMap(({ Properties: { PolicyDocument: { Statement: statements } } }) => statements as Statement[]);
  return [...own, ...attached];
}

export function countTypes(template: Template): { [type: string]: number } {
  const types: { [type: string]: number } = {};
  for (const { Type: type } of Object.values(template.toJSON().Resources as { [id: string]: { Type: string } })) {
    types[type] = (types[type] ?? 0) + 1;
  }
  return types;
}
