import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { describeInBrowser, launchBrowser } from '../fixtures/browser';
import { watchWeb, type WatchProcess } from '../fixtures/watch-page';
import { RolloutStage } from './rollout-stage';

/** The page of `watch --web` during a real rollout. Where PAGE_SHOTS names a folder, pictures of it are put there. */

describeInBrowser('the page of a running rollout', () => {
  let stage: RolloutStage;
  let browser: Browser;
  let watch: WatchProcess;
  let page: Page;
  const shot = async (name: string): Promise<void> => {
    if (process.env.PAGE_SHOTS !== undefined) {
      mkdirSync(process.env.PAGE_SHOTS, { recursive: true });
      await page.screenshot({ path: join(process.env.PAGE_SHOTS, `${name}.png`), fullPage: true });
    }
  };

  beforeAll(async () => {
    stage = await RolloutStage.open('test/e2e/evidence-app.ts');
    await stage.deploy({ artifact: 'v1' });
    browser = await launchBrowser();
    watch = await watchWeb(['--stack', 'Digits'], stage.emulator.env);
    page = await browser.newPage();
    page.setDefaultTimeout(300_000);
    await page.goto(watch.address);
  });

  afterAll(async () => {
    await browser?.close();
    await watch?.end();
    await stage?.close();
  });

  const state = (text: string): Promise<unknown> => page.locator('.state', { hasText: text }).waitFor();
  const order = async (verb: string, reason: string): Promise<void> => {
    await page.click(`button[data-verb=${verb}]`);
    await page.fill('dialog input', reason);
    await page.click(`dialog button.${verb}`);
    await page.locator('.banner.good').waitFor();
  };

  test('shows a rollout as soon as one has begun, what it decides and what callers had, and what it is told takes effect', async () => {
    await page.locator('.banner', { hasText: 'No rollout yet' }).waitFor();
    const watched = async (): Promise<void> => {
      await state('50 % of the requests');
      await page.locator('figcaption', { hasText: 'Evidence against the candidate' }).waitFor();
      expect(await page.locator('figcaption b').allInnerTexts()).toEqual(["Candidate's share", 'Evidence against the candidate', 'Failures', 'Latency']);
      expect(await page.locator('#versions').innerText()).toMatch(/candidate\s+50 %/);
      await order('pause', 'somebody looks');
      await state('Paused in step 1');
      expect((await stage.state())?.paused).toMatchObject({ reason: 'somebody looks' });
      await shot('paused');
      await order('abort', 'told on the page');
      await state('Rolled back');
      await shot('rolled-back');
    };
    const [{ sent, result }] = await Promise.all([stage.load(stage.deploy({ artifact: 'v2' }), 4), watched()]);
    expect(sent.filter(({ status }) => status !== 200)).toEqual([]);
    expect(String((result as PromiseRejectedResult).reason)).toContain('told on the page');
    expect(JSON.parse((await stage.ask('live')).text)).toMatchObject({ model: 'v1' });
    expect(await page.locator('.state').innerText()).toContain('told on the page');
    expect(await page.locator('button[data-verb]').allInnerTexts()).toEqual(['Allow another try']);
    expect(watch.terminal()).toMatch(/pause of \S+\/live, from the page: [\s\S]*abort of \S+\/live, from the page: [\s\S]*live {2}rolled back/);
  });

  test('Ctrl-C ends the command and nothing else', async () => {
    expect(await watch.end()).toEqual({ code: 0, stdout: 'The page has ended; what was rolled out goes on.\n' });
    await page.locator('.banner.bad', { hasText: 'The command has ended.' }).waitFor();
  });
});
