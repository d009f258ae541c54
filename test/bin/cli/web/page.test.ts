import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { OrderResult } from '../../../../lib/core/rollout/orders';
import { RolloutItem, type RolloutState } from '../../../../lib/core/rollout/state';
import { describeInBrowser, launchBrowser } from '../../../fixtures/browser';
import { CALLER, cleanEnv, fakeAws, type Failure, type World } from '../../../fixtures/fake-aws';
import { judgedShop } from '../../../fixtures/judged-shop';
import { resources, shop } from '../../../fixtures/records';
import { watchWeb, type WatchProcess } from '../../../fixtures/watch-page';

/** The page of `watch --web` in a browser, with the command as it ships. Where PAGE_SHOTS names a folder, pictures of it are put there. */

const SHOTS = process.env.PAGE_SHOTS;

describeInBrowser('the page of a running rollout', () => {
  let browser: Browser;
  let aws: Awaited<ReturnType<typeof fakeAws>>;
  let watch: WatchProcess;
  let failure: Failure | undefined;
  const told: { [name: string]: unknown }[] = [];
  const take = (event: { [name: string]: unknown }): { body: string } => {
    told.push(event);
    return { body: JSON.stringify({ ok: true, code: 'DONE', message: `${String(event.verb)}: it is so` } satisfies OrderResult) };
  };

  const start = async (world: World): Promise<void> => {
    aws = await fakeAws({ ...world, functions: { 'abort-fn': take, 'operate-fn': take }, fail: () => failure });
    watch = await watchWeb(['--stack', 'Shop'], cleanEnv(aws.url));
  };

  const open = async (options: Parameters<Browser['newPage']>[0] = {}): Promise<{ page: Page; problems: string[]; hosts: Set<string> }> => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
    const problems: string[] = [];
    const hosts = new Set<string>();
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('request', (request) => hosts.add(new URL(request.url()).host));
    await page.goto(watch.address);
    await page.waitForSelector('h1');
    return { page, problems, hosts };
  };

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());
  beforeEach(() => {
    failure = undefined;
    told.length = 0;
  });
  afterEach(async () => {
    await watch.end();
    await aws.close();
  });

  test.each<[string, { width: number; height: number }, 'light' | 'dark']>([
    ['a desk', { width: 1280, height: 900 }, 'light'],
    ['a desk', { width: 1280, height: 900 }, 'dark'],
    ['a phone', { width: 390, height: 844 }, 'light'],
    ['a phone', { width: 390, height: 844 }, 'dark'],
  ])('at %s shows where the rollout is, its charts, guardrails and decisions, from nowhere else: %j, %s', async (_, viewport, colorScheme) => {
    await start(judgedShop());
    const { page, problems, hosts } = await open({ viewport, colorScheme });
    await page.waitForSelector('.uplot canvas');
    expect(await page.locator('.state').innerText()).toMatch(/Step 2 of 3: 25 % of the requests[\s\S]*Waits for[\s\S]*Roll back now/);
    expect(await page.locator('figcaption b').allInnerTexts()).toEqual(["Candidate's share", 'Evidence against the candidate', 'Failures', 'Latency']);
    expect(await page.locator('#guardrails').innerText()).toMatch(/errors[\s\S]*times as often[\s\S]*times \[/);
    // Segments are judged under their guardrail's name, and stand below it: a sentence, and a bar where one stands out.
    expect(await page.locator('#guardrails .guardrail b').allInnerTexts()).toEqual(['errors', 'errors by x-tenant', 'latency']);
    expect(await page.locator('#guardrails .guardrail').nth(1).innerText()).toMatch(/rolls back[\s\S]*errors of x-tenant acme: [\s\S]*times \[/);
    expect(await page.locator('#decisions li').allInnerTexts()).toEqual(expect.arrayContaining([expect.stringContaining('advancing to 25 %')]));
    expect(await page.locator('#versions').innerText()).toMatch(/candidate\s+25 %/);
    // Nothing beyond the edge, the token no longer in the address, nothing that the policy of the page forbids.
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    expect(page.url()).toBe(`${watch.origin}/`);
    expect(problems).toEqual([]);
    expect([...hosts]).toEqual([new URL(watch.origin).host]);
    if (SHOTS !== undefined) {
      mkdirSync(SHOTS, { recursive: true });
      await page.screenshot({ path: join(SHOTS, `${viewport.width}-${colorScheme}.png`), fullPage: true });
    }
    await page.close();
  });

  test('an order is given after a confirmation only, about the rollout that is shown, by the name of the credentials', async () => {
    await start(judgedShop());
    const { page } = await open();
    await page.click('button[data-verb=abort]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('dialog:not([open])', { state: 'attached' });
    await page.click('button[data-verb=abort]');
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog:not([open])', { state: 'attached' });
    expect(told).toEqual([]);
    await page.click('button[data-verb=pause]');
    await page.fill('dialog input', 'lunch');
    if (SHOTS !== undefined) {
      await page.screenshot({ path: join(SHOTS, 'confirm.png') });
    }
    await page.click('dialog button.pause');
    await page.waitForSelector('.banner.good');
    expect(await page.locator('.banner.good').innerText()).toBe('pause: it is so');
    expect(told).toEqual([{ verb: 'pause', alias: 'fraud/live', by: CALLER, rollout: 'r-1', reason: 'lunch' }]);
    expect(watch.terminal()).toContain('pause of fraud/live, from the page: pause: it is so');
    await page.close();
  });

  test('what went wrong is on the page and in the terminal with what to do, beside what was known, and goes when it is over', async () => {
    await start(judgedShop());
    const { page } = await open();
    failure = { status: 400, type: 'ExpiredTokenException', message: 'The security token included in the request is expired' };
    await page.locator('.banner.bad', { hasText: 'the AWS credentials have expired: sign in again' }).waitFor();
    expect(await page.locator('.state').innerText()).toContain('Step 2 of 3');
    expect(watch.terminal()).toContain('The page shows nothing newer: the AWS credentials have expired: sign in again');
    failure = undefined;
    await page.waitForSelector('.banner.bad', { state: 'detached' });
    expect(watch.terminal()).toContain('AWS answers again.');
    expect(await watch.end()).toEqual({ code: 0, stdout: 'The page has ended; what was rolled out goes on.\n' });
    await page.waitForSelector('.banner.bad');
    expect(await page.locator('.banner.bad').innerText()).toContain('The command has ended.');
    await page.close();
  });

  describe('after an abort', () => {
    const aborted = (): World => {
      const world = judgedShop();
      const items = world.rollouts!['fraud/live'];
      const running = JSON.parse(String(items[RolloutItem.STATE])) as RolloutState;
      const [at, sentence] = [running.last!.at + 20_000, 'rolled back: aborted by ada: too many complaints'];
      const last = { ...running.last!, at, sentence, verdict: 'roll back' as const, evidence: { until: at, guardrails: [], calendar: 'unknown' as const } };
      const state: RolloutState = { ...running, last, outcome: { result: 'rolled back', sentence, at, reported: true } };
      return { ...world, rollouts: { 'fraud/live': { ...items, [RolloutItem.STATE]: JSON.stringify(state) } } };
    };

    test('guardrails are shown as they were read last, and no other try is offered for a version that is not rejected', async () => {
      await start(aborted());
      const { page, problems } = await open();
      await page.waitForSelector('.uplot canvas');
      const shown = await page.locator('#guardrails').innerText();
      expect(shown).toMatch(/As they were read last, at \d\d:\d\d:\d\d UTC\./);
      expect(shown).not.toContain('not read');
      expect(shown).toMatch(/errors[\s\S]*times as often[\s\S]*times \[/);
      expect(await page.locator('.state').innerText()).toMatch(/Rolled back[\s\S]*too many complaints[\s\S]*The version is not rejected/);
      expect(await page.locator('button[data-verb]').count()).toBe(0);
      expect(problems).toEqual([]);
      await page.close();
    });

    test('another try is offered for one that is, until it is allowed', async () => {
      const world = aborted();
      const items = world.rollouts!['fraud/live'] as { [item: string]: string };
      const { candidate: { version } } = JSON.parse(String(items[RolloutItem.STATE])) as RolloutState;
      items[RolloutItem.rejected(version)] = JSON.stringify({ version, rolloutId: 'r-1', reason: 'aborted', at: Date.now() });
      await start(world);
      const { page } = await open();
      expect(await page.locator('.state').innerText()).toContain('this one is rejected, and refused until somebody allows another try');
      expect(await page.locator('button[data-verb]').allInnerTexts()).toEqual(['Allow another try']);
      delete items[RolloutItem.rejected(version)];
      await page.waitForSelector('button[data-verb]', { state: 'detached' });
      await page.close();
    });
  });

  test('without a rollout it says so, and what begins one', async () => {
    await start(shop({ rollouts: {}, stacks: { Shop: resources(['fraud/live']) } }));
    const { page, problems } = await open();
    expect(await page.locator('#head').innerText()).toMatch(/No rollout yet\s+Deploy another model to begin one/);
    expect(await page.locator('button').count()).toBe(0);
    expect(problems).toEqual([]);
    await page.close();
  });
});
