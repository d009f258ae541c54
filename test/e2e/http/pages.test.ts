import type { Browser, Page } from 'playwright-core';
import { bootstrap, deploy } from '../../../scripts/emulator/cdk';
import { type Emulator, startEmulator } from '../../../scripts/emulator/emulator';
import { describeInBrowser, launchBrowser } from '../../fixtures/browser';
import { serveHttp } from '../../fixtures/serving';

// A page in a browser, the only judge of what a page may read. CI installs Chromium; elsewhere these tests need one on the path.

interface Seen {
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
  readonly text?: string;
  readonly bytes?: number[];
  /** The browser let the page read nothing. */
  readonly blocked?: string;
}

describeInBrowser('a page of another origin', () => {
  let emulator: Emulator;
  let browser: Browser;
  let apis: { [output: string]: string };
  const servers: Awaited<ReturnType<typeof serveHttp>>[] = [];
  /** Two origins that may, and one that may not. */
  const pages: Page[] = [];

  beforeAll(async () => {
    for (let index = 0; index < 3; index++) {
      servers.push(await serveHttp((_, __, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<title>shop</title>')));
    }
    emulator = await startEmulator();
    await bootstrap(emulator);
    ({ Pages: apis } = await deploy(emulator, 'test/e2e/http/pages-app.ts', { E2E_ORIGINS: servers.slice(0, 2).map(({ url }) => url).join() }));
    browser = await launchBrowser();
    for (const { url } of servers) {
      const page = await browser.newPage();
      await page.goto(url);
      pages.push(page);
    }
  });

  afterAll(async () => {
    await browser?.close();
    await emulator?.stop();
    await Promise.all(servers.map((server) => server.close()));
  });

  const call = (page: number, api: string, path: string, init: RequestInit = {}): Promise<Seen> =>
    pages[page].evaluate(async ([url, options]) => {
      try {
        const reply = await fetch(url, { method: 'POST', credentials: 'include', body: '{"x":1}', ...options });
        const bytes = new Uint8Array(await reply.arrayBuffer());
        return {
          status: reply.status,
          headers: Object.fromEntries(reply.headers),
          text: new TextDecoder().decode(bytes),
          bytes: [...bytes],
        };
      } catch (error) {
        return { blocked: String(error) };
      }
    }, [`${emulator.url}/restapis/${apis[api]}/prod/_user_request_/${path}`, init as object] as const);

  test.each([0, 1])('reads the answer, the headers that are exposed, and has its cookies: origin %d', async (page) => {
    const first = await call(page, 'OpenApi', 'live/invocations');
    expect(first).toMatchObject({
      status: 200, text: '{"y":2}', headers: { 'x-own': expect.any(String), 'x-amzn-invoked-production-variant': 'production', 'x-amzn-sagemaker-inference-id': expect.any(String) },
    });
    expect(await call(page, 'OpenApi', 'live/invocations')).toMatchObject({ headers: { 'x-own': 'seen=1' } });
  });

  test('asks first where it sends headers of ours, and is allowed', async () => {
    const headers = { 'content-type': 'application/json', 'x-amzn-sagemaker-inference-id': 'mine-7' };
    expect(await call(0, 'OpenApi', 'live/invocations', { headers })).toMatchObject({ status: 200, headers: { 'x-amzn-sagemaker-inference-id': 'mine-7' } });
  });

  test('gets bytes as bytes', async () => {
    const seen = await pages[0].evaluate(async (url) => {
      const reply = await fetch(url, { method: 'POST', credentials: 'include', headers: { 'content-type': 'application/octet-stream' }, body: new Uint8Array([0, 127, 128, 255]) });
      return [...new Uint8Array(await reply.arrayBuffer())];
    }, `${emulator.url}/restapis/${apis.OpenApi}/prod/_user_request_/live/invocations?kind=bytes`);
    expect(seen).toEqual([0, 127, 128, 255]);
  });

  test.each<[string, string, string, number, string]>([
    ['of the model', 'OpenApi', 'live/invocations?kind=fail', 424, 'MODEL_ERROR'],
    ['of the router', 'OpenApi', 'none/invocations', 404, 'ALIAS_NOT_FOUND'],
    ['of API Gateway, without a key', 'KeyedApi', 'live/invocations', 403, 'INVALID_API_KEY'],
    ['of API Gateway, without a signature', 'SignedApi', 'live/invocations', 403, 'MISSING_AUTHENTICATION_TOKEN'],
    ['of API Gateway, for a path that is not there', 'OpenApi', 'live/nothing', 403, 'MISSING_AUTHENTICATION_TOKEN'],
  ])('reads every error: %s', async (_, api, path, status, code) => {
    const seen = await call(1, api, path);
    expect(seen).toMatchObject({ status });
    expect(JSON.parse(seen.text!)).toMatchObject({ error: { code, message: expect.any(String) }, Message: expect.any(String) });
  });

  test('reads nothing of what the router answers if its origin is not named', async () => {
    expect(await call(2, 'OpenApi', 'live/invocations')).toEqual({ blocked: expect.stringContaining('Failed to fetch') });
    expect(await call(2, 'OpenApi', 'live/invocations', { headers: { 'x-amzn-sagemaker-inference-id': 'mine-7' } })).toEqual({ blocked: expect.stringContaining('Failed to fetch') });
  });
});
