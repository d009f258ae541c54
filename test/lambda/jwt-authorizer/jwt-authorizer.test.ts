import { spawn } from 'node:child_process';
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayAuthorizerResult } from 'aws-lambda';
import { Env } from '../../../lib/core/names';
import { selfSigned } from '../../fixtures/self-signed';

// The bundle that ships, against tokens signed by real keys and an issuer on the loopback interface that publishes them.

const BUNDLE = join(__dirname, '../../../assets/jwt-authorizer/index.mjs');
const METHOD_ARN = 'arn:aws:execute-api:eu-west-1:111111111111:api123/prod/POST/live/invocations';
const AUDIENCE = 'fraud';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });

let issuer: string;
let certificate: string;
let close: () => Promise<void>;

beforeAll(async () => {
  const { key, cert } = selfSigned();
  certificate = join(mkdtempSync(join(tmpdir(), 'issuer-')), 'cert.pem');
  writeFileSync(certificate, cert);
  const keys = [
    { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa', use: 'sig', alg: 'RS256' },
    { ...ec.publicKey.export({ format: 'jwk' }), kid: 'ec', use: 'sig', alg: 'ES256' },
  ];
  const server = createServer({ key, cert }, (request, response) => {
    response.writeHead(request.url === '/.well-known/jwks.json' ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  close = () => new Promise((resolve) => {
    server.closeAllConnections();
    server.close(() => resolve());
  });
});

afterAll(() => close());

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = (): number => Math.floor(Date.now() / 1_000);
const claims = (overrides: object = {}): object => ({ sub: 'caller-7', iss: issuer, aud: AUDIENCE, iat: now(), exp: now() + 300, ...overrides });

function token(payload: object, header: { alg: string; kid?: string } = { alg: 'RS256', kid: 'rsa' }, key: KeyObject = rsa.privateKey): string {
  const signed = `${encode({ typ: 'JWT', ...header })}.${encode(payload)}`;
  const signature = header.alg === 'ES256'
    ? sign('sha256', Buffer.from(signed), { key: ec.privateKey, dsaEncoding: 'ieee-p1363' })
    : sign('sha256', Buffer.from(signed), key);
  return `${signed}.${signature.toString('base64url')}`;
}

/** Stands for the issuer's address in the names of tests. */
const ISSUER = 'issuer:';
/** What the function has written to its log. */
let logged = '';

/** What the authorizer says to each header, in one process: its result, or the message of what it throws. */
async function ask(headers: string[], jwksUri = `${issuer}/.well-known/jwks.json`): Promise<(APIGatewayAuthorizerResult | string)[]> {
  const script = `
    const { handler } = await import(${JSON.stringify(BUNDLE)});
    for (const authorizationToken of JSON.parse(process.env.HEADERS)) {
      const event = { type: 'TOKEN', methodArn: ${JSON.stringify(METHOD_ARN)}, authorizationToken };
      console.log(JSON.stringify(await handler(event).catch((error) => error.message)));
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: certificate, HEADERS: JSON.stringify(headers),
      [Env.JWT_ISSUER]: issuer, [Env.JWT_AUDIENCE]: AUDIENCE, [Env.JWT_JWKS_URI]: jwksUri,
    },
  });
  let text = '';
  logged = '';
  child.stderr.on('data', (data: Buffer) => (logged += data));
  child.stdout.on('data', (data: Buffer) => (text += data));
  await new Promise((resolve) => child.once('close', resolve));
  return text.trim().split('\n').map((line) => JSON.parse(line) as APIGatewayAuthorizerResult | string);
}

test('a valid token opens every alias of the stage, and its claims reach the router', async () => {
  const [result] = await ask([`Bearer ${token(claims({ scope: 'read model-tester', groups: ['a', 'b'], level: 3, admin: false, address: { city: 'x' } }))}`]);
  expect(result).toEqual({
    principalId: 'caller-7',
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: 'arn:aws:execute-api:eu-west-1:111111111111:api123/prod/*' }],
    },
    context: expect.objectContaining({ sub: 'caller-7', scope: 'read model-tester', groups: 'a b', level: 3, admin: false }),
  });
  // API Gateway refuses a context with anything but texts, numbers and booleans in it.
  expect((result as APIGatewayAuthorizerResult).context).not.toHaveProperty('address');
});

test.each<[string, () => string]>([
  ['elliptic curves', () => token(claims(), { alg: 'ES256', kid: 'ec' })],
  ['several audiences', () => token(claims({ aud: ['other', AUDIENCE] }))],
])('a token with %s is valid too', async (_, make) => {
  expect(await ask([`bearer ${make()}`])).toEqual([expect.objectContaining({ principalId: 'caller-7' })]);
});

test.each<[string, () => string]>([
  ['of another issuer', () => token(claims({ iss: 'https://127.0.0.2' }))],
  ['for another audience', () => token(claims({ aud: 'spam' }))],
  ['without an audience', () => token(claims({ aud: undefined }))],
  ['that has expired', () => token(claims({ exp: now() - 1 }))],
  ['that is not valid yet', () => token(claims({ nbf: now() + 300 }))],
  ['without a signature', () => `${encode({ typ: 'JWT', alg: 'none', kid: 'rsa' })}.${encode(claims())}.`],
  ['whose algorithm is none, with a signature', () => token(claims(), { alg: 'none', kid: 'rsa' })],
  ['signed with a stranger\'s key', () => token(claims(), { alg: 'RS256', kid: 'rsa' }, stranger.privateKey)],
  ['of a key that the issuer does not have', () => token(claims(), { alg: 'RS256', kid: 'other' })],
  ['signed with the public key as a shared secret', () => {
    const signed = `${encode({ typ: 'JWT', alg: 'HS256', kid: 'rsa' })}.${encode(claims())}`;
    const secret = rsa.publicKey.export({ type: 'spki', format: 'pem' });
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  }],
  ['whose claims were changed', () => {
    const [header, , signature] = token(claims()).split('.');
    return `${header}.${encode(claims({ sub: 'somebody else' }))}.${signature}`;
  }],
  ['that is none', () => 'a.b.c'],
])('fails for a token %s', async (_, make) => {
  // API Gateway answers this message, and no other, with 401.
  expect(await ask([`Bearer ${make()}`])).toEqual(['Unauthorized']);
});

test.each([
  ['nothing', ''], ['another scheme', 'Basic eDp5'], ['no token', 'Bearer '],
])('fails for a header with %s', async (_, header) => {
  expect(await ask([header])).toEqual(['Unauthorized']);
});

test('fails for a token of a key that is elsewhere, and then works for one that is not', async () => {
  const good = `Bearer ${token(claims())}`;
  const results = await ask([`Bearer ${token(claims(), { alg: 'RS256', kid: 'other' })}`, good]);
  expect(results).toEqual(['Unauthorized', expect.objectContaining({ principalId: 'caller-7' })]);
});

test.each([
  ['cannot be reached', 'https://127.0.0.1:1/jwks.json'],
  ['has no keys there', `${ISSUER}/nothing.json`],
])('says that the issuer %s, which is no fault of the token: 500 in the place of 401, and a line in the log', async (_, jwksUri) => {
  // API Gateway answers every message but "Unauthorized" with 500.
  expect(await ask([`Bearer ${token(claims())}`], jwksUri.replace(ISSUER, issuer))).toEqual(['the keys of the issuer cannot be read']);
  expect(JSON.parse(logged) as unknown).toMatchObject({ level: 'ERROR', jwksUri: jwksUri.replace(ISSUER, issuer), reason: expect.stringMatching(/./) });
});
