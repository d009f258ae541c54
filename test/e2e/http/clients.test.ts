import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axios from 'axios';
import { ensureVenv } from '../../../scripts/emulator/emulator';
import { route, serveHttp, variant } from '../../fixtures/serving';
import { linesOf, pythonOfClients, run } from './clients-process';
import { Front } from './front';

// The clients that people have, against the router behind an API Gateway that checks signatures and turns bodies into text as AWS documents
// it.

const PYTHON = pythonOfClients();
const PYTHON_SAGEMAKER_3 = join(ensureVenv('sagemaker-3', join(__dirname, 'sagemaker-3.txt'), console.log), 'bin', 'python');
const GUIDE = readFileSync(join(__dirname, '../../../docs/moving-from-sagemaker.md'), 'utf8');
const CONVERSATIONS = readFileSync(join(__dirname, '../../../docs/guides/conversations.md'), 'utf8');
const ADDRESS = 'https://abc123.execute-api.us-east-1.amazonaws.com/prod';
const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

/** Run a module that finds the packages of this one. */
async function javaScript(text: string, more: NodeJS.ProcessEnv = {}): Promise<string> {
  const folder = mkdtempSync(join(__dirname, 'guide-'));
  try {
    writeFileSync(join(folder, 'guide.mjs'), text);
    return await run(process.execPath, [join(folder, 'guide.mjs')], more);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A function that answers as its body says. */
async function web(event: string): Promise<string> {
  const { body, isBase64Encoded, headers } = JSON.parse(event) as {
    body: string;
    isBase64Encoded: boolean;
    headers: { [name: string]: string };
  };
  switch (isBase64Encoded ? '' : body) {
    case 'refuse':
      return JSON.stringify({ result: { statusCode: 422, headers: { 'content-type': 'application/json' }, body: '{"detail":"x must be a number"}' } });
    case 'fail':
      return JSON.stringify({ result: { statusCode: 500, body: 'out of memory' } });
    case 'raise':
      return JSON.stringify({ error: { errorType: 'ValueError', errorMessage: 'no such column' } });
    case '{"x": 1}':
      return JSON.stringify({ result: { statusCode: 200, headers: { 'x-amzn-sagemaker-custom-attributes': headers['x-amzn-sagemaker-custom-attributes'] ?? 'none' }, body: '{"y": 2}' } });
    default:
      return JSON.stringify({ result: { statusCode: 200, headers: { 'content-type': headers['content-type'] ?? 'image/png' }, body: isBase64Encoded ? body : Buffer.from(body).toString('base64'), isBase64Encoded: true } });
  }
}

/** SageMaker's runtime, in its own words. */
function sageMaker(request: IncomingMessage, body: Buffer): { status: number; headers: { [name: string]: string }; body: string } {
  const error = (status: number, type: string, fields: object): { status: number; headers: { [name: string]: string }; body: string } =>
    ({ status, headers: { 'x-amzn-errortype': type, 'content-type': 'application/json' }, body: JSON.stringify(fields) });
  switch (body.toString()) {
    case 'refuse':
      return error(424, 'ModelError', { Message: 'Received client error (415)', OriginalStatusCode: 415, OriginalMessage: 'text/csv only', LogStreamArn: 'arn:aws:logs:us-east-1:1:log-group:x' });
    case 'fail':
      return error(424, 'ModelError', { Message: 'Received server error (500)', OriginalStatusCode: 500, OriginalMessage: 'out of memory' });
    case 'not ready':
      return error(429, 'ModelNotReadyException', { Message: 'loading' });
    case 'invalid':
      return error(400, 'ValidationError', { Message: 'TargetModel is not supported' });
    default:
      return { status: 200, headers: { 'content-type': 'application/json', ...(request.headers['x-amzn-sagemaker-session-id'] === 'NEW_SESSION' && { 'x-amzn-sagemaker-new-session-id': 's-1; Expires=2026-11-27T02:00:00Z' }) }, body: '{"y": 2}' };
  }
}

let lambdaFront: Front;
let sageMakerFront: Front;
let open: Front;
let talking: Front;

beforeAll(async () => {
  const http = route([variant('production', { target: { kind: 'lambda', functionArn: 'arn:aws:lambda:us-east-1:1:function:web', contract: 'http', maxRequestBytes: 6_291_456 } })]);
  lambdaFront = await Front.open({ iam: true, route: http, lambda: web });
  open = await Front.open({ route: http, lambda: web });
  const sessionKeys = [{ id: 'a1', key: Buffer.alloc(32, 7).toString('base64'), from: 0 }];
  talking = await Front.open({ iam: true, route: { ...http, assignment: { source: 'session', lifetimeSeconds: 3_600 }, sessionKeys }, lambda: web });
  sageMakerFront = await Front.open({ iam: true, route: route([variant('production', { target: { kind: 'sagemaker', endpointName: 'fraud', maxRequestBytes: 6_291_456 } })]), sageMaker });
});

afterAll(() => Promise.all([lambdaFront, sageMakerFront, open, talking].map((front) => front?.close())));

describe('the lines of the guide', () => {
  const block = (heading: string, url = lambdaFront.url): string => new RegExp(`## ${heading}\n[^]*?\`\`\`\\w+\n([^]*?)\`\`\``).exec(GUIDE)![1].replaceAll(ADDRESS, url);

  test('for boto3', async () => {
    expect(await run(PYTHON, ['-c', block('boto3')])).toBe('{"y": 2}\n');
  });

  test('for a conversation with boto3', async () => {
    const lines = /```python\n([^]*?)```/.exec(CONVERSATIONS)![1];
    const said = await run(PYTHON, ['-c', [block('boto3', talking.url), 'first = second = \'{"x": 1}\'', lines, 'print(session, answer.get("NewSessionId"))'].join('\n')]);
    expect(said.trim().split('\n').at(-1)).toMatch(/^\w+-mr-\S+ None$/);
  });

  test('for the SDK for JavaScript', async () => {
    expect(await javaScript(block('SDK for JavaScript'))).toBe('{"y": 2}\n');
  });

  test('for the sagemaker SDK, version 3', async () => {
    expect((await run(PYTHON_SAGEMAKER_3, ['-c', block('sagemaker SDK, version 3')])).trim().split('\n').at(-1)).toBe("{'y': 2}");
  });

  test('for the sagemaker SDK, version 2', async () => {
    expect((await run(PYTHON, ['-c', `${block('boto3')}\n${block('sagemaker SDK, version 2')}`])).trim().split('\n').at(-1)).toBe("{'y': 2}");
  });

  test('for curl', async () => {
    expect(await run('sh', ['-c', block('curl')])).toBe('{"y": 2}');
  });

  test.each<[string, (url: string, env: NodeJS.ProcessEnv) => Promise<string>]>([
    ['boto3', (url, more) => run(PYTHON, ['-c', block('boto3', url)], more)],
    ['the SDK for JavaScript', (url, more) => javaScript(block('SDK for JavaScript', url), more)],
  ])('about repetition after a 504: %s', async (_, invoke) => {
    let requests = 0;
    const { url, close } = await serveHttp((_request, _body, response) => {
      requests++;
      response.writeHead(504, { 'x-amzn-errortype': 'ModelError', 'content-type': 'application/json' }).end('{}');
    });
    try {
      await expect(invoke(url, {})).rejects.toThrow('ModelError');
      expect(requests).toBe(3);
      await expect(invoke(url, { AWS_MAX_ATTEMPTS: '1' })).rejects.toThrow('ModelError');
      expect(requests).toBe(4);
    } finally {
      await close();
    }
  });
});

test('a request that is signed for SageMaker is refused: the name of the service is not for show', async () => {
  const [seen] = linesOf(await run(PYTHON, [join(__dirname, 'clients.py'), lambdaFront.url, JSON.stringify([{ ContentType: 'application/json', Body: '{"x": 1}' }])], { SIGN_AS_SAGEMAKER: '1' }));
  expect(seen).toMatchObject({ status: 403, code: 'InvalidSignatureException' });
});

describe.each<[string, (url: string, inputs: object[]) => Promise<string>]>([
  ['boto3', (url, inputs) => run(PYTHON, [join(__dirname, 'clients.py'), url, JSON.stringify(inputs)])],
  ['the SDK for JavaScript', (url, inputs) => run(process.execPath, [join(__dirname, 'clients.mjs'), url, JSON.stringify(inputs)])],
])('%s', (_, invoke) => {
  const type = { ContentType: 'text/plain' };

  test('gets answer and headers, and raises SageMaker\'s exceptions for a model on Lambda, with the model\'s own status and words', async () => {
    const seen = linesOf(await invoke(lambdaFront.url, [
      { ContentType: 'application/json', Body: '{"x": 1}', CustomAttributes: 'tenant=7' }, { ...type, Body: 'refuse' }, { ...type, Body: 'fail' }, { ...type, Body: 'raise' }, { ...type, Body: 'x', TargetVariant: 'other' },
    ]));
    expect(seen[0]).toEqual({ body: '{"y": 2}', InvokedProductionVariant: 'production', NewSessionId: null, CustomAttributes: 'tenant=7' });
    expect(seen[1]).toMatchObject({ class: 'ModelError', code: 'ModelError', status: 422, original: [422, '{"detail":"x must be a number"}'], message: expect.stringContaining('x must be a number') });
    expect(seen[2]).toMatchObject({ class: 'ModelError', status: 424, original: [500, 'out of memory'] });
    expect(seen[3]).toMatchObject({ class: 'ModelError', status: 424, original: [500, 'ValueError: no such column'] });
    expect(seen[4]).toMatchObject({ code: 'AccessDeniedException', status: 403, message: expect.stringContaining('may not choose a variant') });
  });

  test('raises the same for a model on SageMaker, and gets the session of a version', async () => {
    const seen = linesOf(await invoke(sageMakerFront.url, [{ ...type, Body: 'refuse' }, { ...type, Body: 'fail' }, { ...type, Body: 'not ready' }, { ...type, Body: 'invalid' }, { ...type, Body: 'x', SessionId: 'NEW_SESSION' }]));
    expect(seen[0]).toMatchObject({ class: 'ModelError', status: 415, original: [415, 'text/csv only'] });
    expect(seen[1]).toMatchObject({ class: 'ModelError', status: 424, original: [500, 'out of memory'] });
    expect(seen[2]).toMatchObject({ class: 'ModelNotReadyException', status: 429 });
    expect(seen[3]).toMatchObject({ class: 'ValidationError', status: 400, message: 'TargetModel is not supported' });
    expect(seen[4]).toMatchObject({ NewSessionId: expect.stringMatching(/^s-1-mr-\w+; Expires=/) });
  });
});

describe('bytes both ways, with what a client sends by itself', () => {
  const url = (): string => `${open.url}/live/invocations`;

  test('fetch', async () => {
    const reply = await fetch(url(), { method: 'POST', body: EVERY_BYTE, headers: { 'content-type': 'image/png' } });
    expect(EVERY_BYTE.equals(Buffer.from(await reply.arrayBuffer()))).toBe(true);
  });

  test('axios', async () => {
    const { data } = await axios.post<ArrayBuffer>(url(), EVERY_BYTE, { responseType: 'arraybuffer', headers: { 'content-type': 'image/png' } });
    expect(EVERY_BYTE.equals(Buffer.from(data))).toBe(true);
  });

  test('requests, a form included', async () => {
    expect(await run(PYTHON, [join(__dirname, 'bytes.py'), url()])).toBe('200 True\n200 True\n');
  });

  test('curl, and a compressed body', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'curl-'));
    try {
      writeFileSync(join(folder, 'in'), EVERY_BYTE);
      await run('curl', ['--silent', '--data-binary', `@${join(folder, 'in')}`, '--header', 'content-type: image/png', '--output', join(folder, 'out'), url()]);
      expect(EVERY_BYTE.equals(readFileSync(join(folder, 'out')))).toBe(true);
      expect(await run('sh', ['-c', `printf '{"x": 1}' | gzip | curl --silent --data-binary @- --header 'content-encoding: gzip' --header 'content-type: application/json' ${url()}`])).toBe('{"y": 2}');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a client that accepts nothing gets a sentence, not base64', async () => {
    const { status, text } = await new Promise<{ status?: number; text: string }>((resolve) => {
      const request = httpRequest(url(), { method: 'POST', headers: { 'content-type': 'image/png' } }, (response) => {
        let text = '';
        response.on('data', (data: Buffer) => (text += data)).on('end', () => resolve({ status: response.statusCode, text }));
      });
      request.end(EVERY_BYTE);
    });
    expect([status, JSON.parse(text)]).toEqual([406, expect.objectContaining({ error: expect.objectContaining({ code: 'NOT_ACCEPTABLE', message: expect.stringContaining('Accept: */*') }) })]);
  });
});
