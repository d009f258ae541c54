import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { APIGatewayAuthorizerResult } from 'aws-lambda';
import { AGAIN_MS, KEPT_MS, KeyAuthorizer } from '../../../lambda/key-authorizer/authorize';
import { nameOf, readKeys } from '../../../lambda/key-authorizer/keys';
import { serveHttp } from '../../fixtures/serving';

const KEY = 'sk-of-the-shop-0123456789';
const OTHER = 'sk-of-the-search-0123456789';
const METHOD_ARN = 'arn:aws:execute-api:eu-west-1:111111111111:api123/prod/POST/v1/chat/completions';
const hashed = (key: string): string => `sha256:${createHash('sha256').update(key).digest('hex')}`;

interface Asked {
  readonly asks: (authorization: string) => Promise<APIGatewayAuthorizerResult>;
  readonly wait: (ms: number) => void;
  readonly reads: () => number;
}

function authorizer(secret: () => string): Asked {
  let [now, reads] = [0, 0];
  const keys = new KeyAuthorizer({
    read: async () => {
      reads++;
      return secret();
    },
    onRefused: () => {},
    now: () => now,
  });
  return {
    asks: (authorizationToken) => keys.authorize({ type: 'TOKEN', methodArn: METHOD_ARN, authorizationToken }),
    wait: (ms) => void (now += ms),
    reads: () => reads,
  };
}

describe('the keys of a secret', () => {
  test.each([
    ['the whole text', KEY, 'default'],
    ['by name', JSON.stringify({ shop: KEY, search: OTHER }), 'shop'],
    ['as their hashes', JSON.stringify({ shop: hashed(KEY) }), 'shop'],
    ['in a text that only begins as JSON', `{${KEY}`, undefined],
  ])('are %s', (_, secret, name) => {
    expect(nameOf(KEY, readKeys(secret))).toBe(name);
  });

  test('are not what is too short, or no text', () => {
    const keys = readKeys(JSON.stringify({ short: 'abc', number: 1_234_567_890_123_456, empty: '', good: KEY }));
    expect(keys.refused).toEqual(['short', 'number', 'empty']);
    expect(nameOf('', keys)).toBeUndefined();
    expect(readKeys('').known).toEqual([]);
  });

  test('are not their own hashes', () => {
    expect(nameOf(hashed(KEY), readKeys(JSON.stringify({ shop: hashed(KEY) })))).toBeUndefined();
  });
});

describe('who is admitted', () => {
  test('who has a key, to the whole stage, and the router knows its name', async () => {
    expect(await authorizer(() => JSON.stringify({ shop: KEY })).asks(`Bearer ${KEY}`)).toEqual({
      principalId: 'shop',
      context: { key: 'shop' },
      policyDocument: {
        Version: '2012-10-17',
        Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: 'arn:aws:execute-api:eu-west-1:111111111111:api123/prod/*' }],
      },
    });
  });

  test.each([`Bearer ${OTHER}`, 'Bearer ', KEY, `Basic ${KEY}`, `Bearer ${KEY}x`])('nobody else: %s', async (authorization) => {
    await expect(authorizer(() => KEY).asks(authorization)).rejects.toThrow(/^Unauthorized$/);
  });

  test('who has a new key at once, and who had an old one no longer than a minute', async () => {
    let secret = JSON.stringify({ old: KEY });
    const { asks, wait } = authorizer(() => secret);
    await asks(`Bearer ${KEY}`);
    secret = JSON.stringify({ new: OTHER });
    wait(AGAIN_MS);
    expect((await asks(`Bearer ${OTHER}`)).principalId).toBe('new');
    await expect(asks(`Bearer ${KEY}`)).rejects.toThrow('Unauthorized');
    secret = JSON.stringify({ newer: KEY });
    wait(KEPT_MS);
    await expect(asks(`Bearer ${OTHER}`)).rejects.toThrow('Unauthorized');
  });

  test('strangers do not make the secret be read with every guess', async () => {
    const { asks, reads } = authorizer(() => KEY);
    for (let guess = 0; guess < 20; guess++) {
      await expect(asks(`Bearer ${OTHER}${guess}`)).rejects.toThrow('Unauthorized');
    }
    expect(reads()).toBe(1);
  });

  test('nobody is told that a key is wrong while the secret cannot be read', async () => {
    const { asks } = authorizer(() => {
      throw new Error('AccessDenied');
    });
    await expect(asks(`Bearer ${KEY}`)).rejects.toThrow('AccessDenied');
  });
});

test('the bundle reads the secret', async () => {
  const manager = await serveHttp((_request, body, response) => {
    expect(JSON.parse(body.toString())).toEqual({ SecretId: 'arn:secret' });
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify({ SecretString: JSON.stringify({ shop: KEY, weak: 'abc' }) }));
  });
  const program = `import { handler } from ${JSON.stringify(join(__dirname, '../../../assets/key-authorizer/index.mjs'))};
    console.log('ANSWER' + JSON.stringify(await handler(${JSON.stringify({ type: 'TOKEN', methodArn: METHOD_ARN, authorizationToken: `Bearer ${KEY}` })})));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: {
      PATH: process.env.PATH, AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x', AWS_ENDPOINT_URL: manager.url,
      MODEL_ROLLOUT_KEYS: 'arn:secret',
    },
  });
  let out = '';
  child.stdout.on('data', (data: Buffer) => (out += data));
  child.stderr.on('data', (data: Buffer) => (out += data));
  await new Promise((resolve) => child.once('close', resolve));
  await manager.close();
  expect(JSON.parse(/^ANSWER(.*)$/m.exec(out)?.[1] ?? out)).toMatchObject({ principalId: 'shop' });
  expect(out).toContain('"weak"');
  expect(out).not.toContain('abc"');
});
