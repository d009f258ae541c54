import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { describeInBrowser, launchBrowser } from '../../fixtures/browser';
import { BUNDLE } from '../../fixtures/fake-aws';
import { synthesizeRehearsed } from '../../fixtures/rehearsed-app';

/** The page of a rehearsal in a browser. Where PAGE_SHOTS names a folder, pictures of it are put there. */

const SHOTS = process.env.PAGE_SHOTS;
const DESK = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };

describeInBrowser('the page of a rehearsal', () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    browser = await launchBrowser();
    folder = mkdtempSync(join(tmpdir(), 'report-'));
    synthesizeRehearsed(folder);
    for (const [name, maxBadResponses, code] of [['holds', 1_000_000, 0], ['fails', 1, 7]] as const) {
      const scenarios = [{ name: 'a-model-that-always-fails', like: 'broken', expect: { maxBadResponses } }, { name: 'fine' }];
      writeFileSync(join(folder, `${name}.yaml`), JSON.stringify({ scenarios }));
      const args = ['rehearse', '-f', `${name}.yaml`, '-n', '10', '--html', `${name}.html`];
      const env = { ...process.env, JEST_WORKER_ID: undefined };
      expect(spawnSync(process.execPath, [BUNDLE, ...args], { cwd: folder, env }).status).toBe(code);
    }
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = async (
    name: string, viewport: typeof DESK, colorScheme: 'light' | 'dark',
  ): Promise<{ page: Page; problems: string[]; asked: string[] }> => {
    const page = await browser.newPage({ viewport, colorScheme });
    const problems: string[] = [];
    const asked: string[] = [];
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(join(folder, `${name}.html`)).href);
    await page.waitForSelector('.uplot canvas');
    if (SHOTS !== undefined) {
      mkdirSync(SHOTS, { recursive: true });
      await page.screenshot({ path: join(SHOTS, `rehearsal-${name}-${viewport.width}-${colorScheme}.png`), fullPage: true });
    }
    return { page, problems, asked };
  };

  test.each<[string, string, RegExp]>([
    ['that holds', 'holds', /^The plan holds: its one requirement is met\.$/],
    ['that does not', 'fails', /^The plan does not hold: 1 of 1 requirement is not met\.\s+a-model-that-always-fails: maxBadResponses: /],
  ])('says of a plan %s first of all whether it holds, with every plot drawn, at a desk', async (_, name, says) => {
    const { page, problems, asked } = await open(name, DESK, 'light');
    const banner = page.locator('.banner');
    expect((await banner.innerText()).trim()).toMatch(says);
    const { y, height } = (await banner.boundingBox())!;
    expect(y + height).toBeLessThan(DESK.height / 2);
    // Each is drawn when it comes into sight.
    for (const figure of await page.locator('figure.chart').all()) {
      await figure.scrollIntoViewIfNeeded();
      await figure.locator('.uplot canvas').waitFor();
    }
    expect(problems).toEqual([]);
    expect(asked).toEqual([page.url()]);
    await page.close();
  });

  test.each<['light' | 'dark']>([['light'], ['dark']])('has one column and no horizontal scroll on a phone: %s', async (colorScheme) => {
    const { page, problems } = await open('fails', PHONE, colorScheme);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    const boxes = await Promise.all((await page.locator('figure.chart').all()).map((each) => each.boundingBox()));
    expect(boxes.length).toBeGreaterThan(2);
    expect(new Set(boxes.map((box) => Math.round(box!.x))).size).toBe(1);
    expect(Math.min(...boxes.map((box) => box!.width))).toBeGreaterThan(0.75 * PHONE.width);
    expect((await page.locator('.banner').boundingBox())!.y).toBeLessThan(PHONE.height / 2);
    expect(problems).toEqual([]);
    await page.close();
  });
});
