import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Template } from 'aws-cdk-lib/assertions';
import { Duration } from 'aws-cdk-lib/core';
import { HttpAuthentication, type HttpModelOptions, Model } from '../../lib';
import type { HttpTarget } from '../../lib/core/backends/http';
import type { DeclaredRoute } from '../../lib/core/routing/route';
import { flat, newEndpoint, newStack, routeOf, statementsOf } from '../fixtures/stacks';

const URL_OF = 'https://models.example.com/v1/score';

function synth(options: Partial<HttpModelOptions> = {}): Template {
  const stack = newStack();
  newEndpoint(stack, { model: Model.http({ url: URL_OF, ...options }) });
  return Template.fromStack(stack);
}

const variantOf = (template: Template): DeclaredRoute['variants'][number] =>
  (JSON.parse(flat(routeOf(template).Properties.Route)) as DeclaredRoute).variants[0];
const targetOf = (template: Template): HttpTarget => variantOf(template).target as HttpTarget;
const digestOf = (options: Partial<HttpModelOptions> = {}): string => variantOf(synth(options)).version;

test('a model server is an address, and nothing of it is made here', () => {
  const template = synth({ healthPath: '/health', headers: { 'Anthropic-Version': '2023-06-01' } });
  expect(targetOf(template)).toEqual({
    kind: 'http', url: URL_OF, healthUrl: 'https://models.example.com/health', headers: { 'anthropic-version': '2023-06-01' }, maxRequestBytes: 6_291_456,
  });
  expect(Object.keys(template.findResources('AWS::Lambda::Function')).filter((id) => id.includes('Versions'))).toEqual([]);
});

test('the version is what answers: the address, the label, the headers and the secret\'s name, and not the time that it may take', () => {
  const others: Partial<HttpModelOptions>[] = [{ url: `${URL_OF}/2` }, { version: 'llama-3.3' }, { headers: { 'x-model': 'b' } }, { healthPath: '/health' }];
  expect(new Set([digestOf(), ...others.map(digestOf)]).size).toBe(5);
  expect(digestOf({ timeout: Duration.seconds(3) })).toBe(digestOf());
});

test('the router may read the secret, by a policy of the version, and only this one; the route has its name only', () => {
  const stack = newStack();
  const key = new kms.Key(stack, 'Key');
  const secret = new secretsmanager.Secret(stack, 'Token', { encryptionKey: key });
  newEndpoint(stack, { model: Model.http({ url: URL_OF, authentication: HttpAuthentication.bearer(secret, { field: 'token' }) }) });
  const template = Template.fromStack(stack);
  expect(targetOf(template).secret).toEqual({ arn: expect.stringContaining('Token'), field: 'token', header: 'authorization', prefix: 'Bearer ' });
  const read = statementsOf(template, 'FraudRouter').filter(({ Action: action }) => action === 'secretsmanager:GetSecretValue');
  expect(read).toEqual([{ Action: 'secretsmanager:GetSecretValue', Effect: 'Allow', Resource: { Ref: expect.stringContaining('Token') } }]);
  expect(statementsOf(template, 'FraudRouter')).toContainEqual(expect.objectContaining({ Action: 'kms:Decrypt', Condition: expect.anything() }));
});

test('a secret that is known by the beginning of its ARN is read by all that it can end with', () => {
  const stack = newStack();
  const secret = secretsmanager.Secret.fromSecretNameV2(stack, 'Key', 'vendor/key');
  newEndpoint(stack, { model: Model.http({ url: URL_OF, authentication: HttpAuthentication.header('X-Api-Key', secret) }) });
  const template = Template.fromStack(stack);
  expect(targetOf(template).secret).toEqual({ arn: expect.stringContaining(':secret:vendor/key'), header: 'x-api-key' });
  expect(JSON.stringify(statementsOf(template, 'FraudRouter'))).toContain(':secret:vendor/key-??????');
});

const secret = (): HttpAuthentication => HttpAuthentication.header('x-api-key', secretsmanager.Secret.fromSecretNameV2(newStack(), 'Key', 'k'));

test.each<[string, Partial<HttpModelOptions>, RegExp]>([
  ['no address', { url: 'models.example.com' }, /url is "models.example.com", but must be an address that begins with https:/],
  ['another scheme', { url: 'ftp://x' }, /begins with https:/],
  ['an open way', { url: 'http://models.internal/score' }, /bodies and secrets would go through the network as they are; use https:\/\/, or set plaintext/],
  ['a password in the address', { url: 'https://me:secret@models.example.com' }, /a user or a password in it, which everybody may read/],
  ['a path without a slash', { healthPath: 'health' }, /healthPath is "health", but must begin with a slash/],
  ['a header of the connection', { headers: { Host: 'x' } }, /the header "Host" is set for each request; leave it out/],
  ['a header with a space', { headers: { 'x y': '1' } }, /the header "x y" is no name that HTTP allows/],
  ['a header twice', { headers: { 'X-Api-Key': '1' }, authentication: secret() }, /headers has "x-api-key", which the authentication sends/],
  ['a body that no request can have', { maxRequestBytes: 10_000_000 }, /maxRequestBytes is 10000000 bytes, but must be between 1 and/],
])('%s is refused', (_, options, message) => {
  expect(() => synth(options)).toThrow(message);
});

test('an open way is open where it is meant to be', () => {
  expect(targetOf(synth({ url: 'http://models.internal/score', plaintext: true })).url).toBe('http://models.internal/score');
});
