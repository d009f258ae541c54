import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import { Template } from 'aws-cdk-lib/assertions';
import { App, Duration, Stack } from 'aws-cdk-lib/core';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EndpointAuth, type ModelEndpointProps } from '../../lib';
import { inline, newEndpoint } from '../fixtures/stacks';

// What CloudFormation does when a setting of a live endpoint changes, from the templates before and after: what it changes in place, what
// it defines beside the old, and in which order, as far as the references say.

interface Resource {
  readonly Type: string;
  readonly Properties?: { readonly [name: string]: unknown };
  readonly DependsOn?: string | string[];
}
interface Resources { readonly [logicalId: string]: Resource }

function synthesized(props: (stack: Stack) => Partial<ModelEndpointProps> & { model?: ModelEndpointProps['model'] }): Resources {
  const stack = new Stack(new App(), 'Stack', { env: { account: '111111111111', region: 'eu-west-1' } });
  newEndpoint(stack, props(stack));
  return (Template.fromStack(stack).toJSON() as { Resources: Resources }).Resources;
}

/** Logical ids that a resource must wait for. */
function references(resource: Resource, resources: Resources): Set<string> {
  const found = new Set([resource.DependsOn ?? []].flat());
  const look = (value: unknown): void => {
    if (Array.isArray(value)) {
      value.forEach(look);
    } else if (value !== null && typeof value === 'object') {
      for (const [name, inner] of Object.entries(value)) {
        const attribute = name === 'Fn::GetAtt' ? [inner].flat()[0] : undefined;
        const id = name === 'Ref' ? inner : attribute;
        if (typeof id === 'string' && id in resources) {
          found.add(id);
        }
        look(inner);
      }
    }
  };
  look(resource.Properties);
  return found;
}

/** Whether `later` is changed only after `earlier`. */
function comesAfter(resources: Resources, later: string, earlier: string, seen = new Set<string>()): boolean {
  return [...references(resources[later], resources)].some((id) => {
    if (id === earlier) {
      return true;
    }
    return !seen.has(id) && (seen.add(id), comesAfter(resources, id, earlier, seen));
  });
}

const idsOf = (resources: Resources, type: string, idPattern = /./): string[] =>
  Object.entries(resources).filter(([id, resource]) => resource.Type === type && idPattern.test(id)).map(([id]) => id);

/** `Type.Property` of what is changed in place, and types of what is beside the old and goes with the clean-up. */
function changes(before: Resources, after: Resources): { inPlace: string[]; beside: string[] } {
  const short = (type: string): string => type.replace(/^AWS::/, '');
  const inPlace = new Set<string>();
  const beside = new Set<string>();
  for (const [id, resource] of Object.entries(after)) {
    const old = before[id] as Resource | undefined;
    if (old === undefined) {
      beside.add(short(resource.Type));
      continue;
    }
    for (const name of new Set([...Object.keys(old.Properties ?? {}), ...Object.keys(resource.Properties ?? {})])) {
      if (JSON.stringify(old.Properties?.[name]) !== JSON.stringify(resource.Properties?.[name])) {
        inPlace.add(`${short(resource.Type)}.${name}`);
      }
    }
  }
  return { inPlace: [...inPlace].sort(), beside: [...beside].sort() };
}

const none = (): Partial<ModelEndpointProps> => ({});

/**
 * Each setting of an endpoint, before and after. `model` and the variants are a rollout's business, `api` and `path` are another address.
 */
const SETTINGS: { readonly [setting: string]: [before: Parameters<typeof synthesized>[0], after: Parameters<typeof synthesized>[0]] } = {
  endpointName: [none, () => ({ endpointName: 'risk' })],
  auth: [none, () => ({ auth: EndpointAuth.apiKey() })],
  timeout: [none, () => ({ timeout: Duration.seconds(20), model: inline('v1', { timeout: Duration.seconds(10) }) })],
  responseStreaming: [none, () => ({ responseStreaming: true })],
  firstByteTimeout: [() => ({ responseStreaming: true }), () => ({ responseStreaming: true, firstByteTimeout: Duration.seconds(10) })],
  idleTimeout: [() => ({ responseStreaming: true }), () => ({ responseStreaming: true, idleTimeout: Duration.seconds(10) })],
  generative: [none, () => ({ generative: true })],
  routerMemorySize: [none, () => ({ routerMemorySize: 2_048 })],
  throttle: [none, () => ({ throttle: { rateLimit: 10, burstLimit: 20 } })],
  accessLogs: [none, () => ({ accessLogs: false })],
  tracing: [none, () => ({ tracing: true })],
  domainName: [none, (stack) => ({
    domainName: { domainName: 'fraud.example.com', certificate: acm.Certificate.fromCertificateArn(stack, 'Certificate', 'arn:aws:acm:eu-west-1:111111111111:certificate/1') },
  })],
  cors: [none, () => ({ cors: { allowOrigins: apigateway.Cors.ALL_ORIGINS } })],
  webAcl: [none, (stack) => ({ webAcl: new wafv2.CfnWebACL(stack, 'Acl', { defaultAction: { allow: {} }, scope: 'REGIONAL', visibilityConfig: { cloudWatchMetricsEnabled: false, metricName: 'acl', sampledRequestsEnabled: false } }) })],
  binaryMediaTypes: [none, () => ({ binaryMediaTypes: ['image/png'] })],
  logRetention: [none, () => ({ logRetention: logs.RetentionDays.ONE_YEAR })],
};

/** The timeout of the model is a part of both templates where that of the endpoint changes: a model's settings are a version's. */
SETTINGS.timeout[0] = () => ({ model: inline('v1', { timeout: Duration.seconds(10) }) });

describe.each(Object.entries(SETTINGS))('%s of a live endpoint', (_, [before, after]) => {
  test.each([['forth', before, after], ['and back, as in a rollback', after, before]])('fails no request on the way %s', (_way, from, to) => {
    const [old, changed] = [synthesized(from), synthesized(to)];
    const [stage] = idsOf(changed, 'AWS::ApiGateway::Stage');
    const [deployment] = idsOf(changed, 'AWS::ApiGateway::Deployment');
    const routers = (resources: Resources): string[] => idsOf(resources, 'AWS::Lambda::Function', /Router/);

    for (const router of routers(changed)) {
      // Whoever is still sent to a function by the old deployment meets it as it was called: in the way of its handler.
      if (router in old) {
        expect(changed[router].Properties?.Handler).toEqual(old[router].Properties?.Handler);
        expect(changed[router].Properties?.Role).toEqual(old[router].Properties?.Role);
      } else {
        // Nobody is sent to it before API Gateway may call it, and it is there.
        const permission = idsOf(changed, 'AWS::Lambda::Permission').find((id) => references(changed[id], changed).has(router))!;
        expect(comesAfter(changed, deployment, permission)).toBe(true);
        expect(comesAfter(changed, stage, router)).toBe(true);
      }
    }
    // A permission to call or to read is taken from nobody before the clean-up: policies of the old template are there unchanged, or go
    // with it.
    for (const id of idsOf(changed, 'AWS::IAM::Policy').filter((each) => each in old)) {
      expect(changed[id].Properties?.Roles).toEqual(old[id].Properties?.Roles);
    }
    for (const id of idsOf(changed, 'AWS::IAM::Policy', /Router|Versions/).filter((each) => each in old)) {
      expect(changed[id].Properties).toEqual(old[id].Properties);
    }
    // Methods are served by a deployment, which is a copy: what changes in them is seen together, when the stage moves.
    const methods = idsOf(changed, 'AWS::ApiGateway::Method').filter((id) => JSON.stringify(changed[id]) !== JSON.stringify(old[id] ?? null));
    for (const method of methods) {
      expect(deployment in old).toBe(false);
      expect(comesAfter(changed, deployment, method)).toBe(true);
      expect(comesAfter(changed, stage, deployment)).toBe(true);
    }
    // Versions stay as they are.
    for (const id of idsOf(changed, 'AWS::Lambda::Function', /Versions/)) {
      expect(changed[id]).toEqual(old[id]);
    }
  });
});

test('routers learn of another endpointName once its routes can be read: permission, routes, routers, the alias itself', () => {
  const changed = synthesized(() => ({ endpointName: 'risk' }));
  const [name] = idsOf(changed, 'Custom::ModelRolloutName');
  const [router] = idsOf(changed, 'AWS::Lambda::Function', /Router/);
  const [policy] = idsOf(changed, 'AWS::IAM::Policy', /Routesrisk/);
  const [route] = idsOf(changed, 'Custom::ModelRolloutRoute');
  expect(comesAfter(changed, name, policy)).toBe(true);
  expect(comesAfter(changed, router, name)).toBe(true);
  expect(comesAfter(changed, route, router)).toBe(true);
  expect(changed[name].Properties).toMatchObject({ Endpoint: 'risk', Routes: route });
});

test('docs/faults.md says for each setting of a live endpoint what changes in place, and what beside it', () => {
  const rows = Object.entries(SETTINGS).map(([setting, [before, after]]) => {
    const { inPlace, beside } = changes(synthesized(before), synthesized(after));
    const list = (names: string[]): string => names.map((name) => name.replace(/^ApiGateway::/, '').replace('Custom::ModelRollout', '')).join(', ') || '–';
    return `| \`${setting}\` | ${list(inPlace)} | ${list(beside)} |`;
  });
  const documented = readFileSync(join(__dirname, '../../docs/faults.md'), 'utf8').split('\n').map((line) => line.split(' | ').slice(0, 3).join(' | '));
  expect(documented).toEqual(expect.arrayContaining(rows.map((row) => row.replace(/ \|$/, ''))));
});
