// Draws the pictures of the documentation: the page of a rehearsal, as the command writes it, and the dashboard of a rollout, from the widgets
// in its template. Needs Chromium and the command's bundle (`npm run bundle`).
//
//   npx tsx scripts/docs/pictures.ts
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { App, Duration, Stack } from 'aws-cdk-lib/core';
import { BuiltInScenario, CanaryRollout, Model, ModelEndpoint, RehearsalScenario } from '../../lib';
import { findRollouts } from '../../rehearsal/assembly/find-rollouts';
import { rehearse } from '../../rehearsal/engine/rehearse';
import { builtInScenarios } from '../../lib/core/rehearsal/built-in';
import { launchBrowser } from '../browser';
import { dashboardPage, type Template } from './dashboard-page';

const root = join(__dirname, '..', '..');
/** As often as the rehearsal in the picture runs each scenario. */
const RUNS = 40;
/** The rollout on the dashboard: one that is rolled back by evidence. */
const [SCENARIO, SEED] = ['worse', 1];

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'pictures-'));
  try {
    synthesize(folder);
    const report = join(folder, 'rehearsal.html');
    execFileSync(process.execPath, [join(root, 'assets', 'cli', 'index.mjs'), 'rehearse', '--html', report], { cwd: folder, stdio: 'inherit' });
    await shoot(report, join(root, 'docs', 'rehearsal.png'), { width: 1280, height: 1500 });

    const [rollout] = findRollouts(join(folder, 'cdk.out'));
    const scenario = builtInScenarios().find(({ name }) => name === SCENARIO)!;
    const run = await rehearse(rollout, { ...scenario, traffic: { ...scenario.traffic, requestsPerSecond: 20 } }, { seed: SEED, trace: true });
    const template = JSON.parse(readFileSync(join(folder, 'cdk.out', 'Shop.template.json'), 'utf8')) as Template;
    const dashboard = join(folder, 'dashboard.html');
    writeFileSync(dashboard, dashboardPage(template, rollout, run));
    await shoot(dashboard, join(root, 'docs', 'dashboard.png'), { width: 1280, height: 720 }, true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function synthesize(folder: string): void {
  const app = new App({ outdir: join(folder, 'cdk.out') });
  const stack = new Stack(app, 'Shop');
  const endpoint = new ModelEndpoint(stack, 'Fraud', { endpointName: 'fraud', model: Model.pythonFunction({ entry: join(root, 'examples', 'languages', 'model') }) });
  const rollout = new CanaryRollout(stack, 'Rollout', { endpoint, expectedRequestsPerSecond: 40, expectedErrorRate: 0.01 });
  rollout.rehearse({
    expect: { falseRollbackRate: 0.05, detectWithin: Duration.minutes(15), maxBadResponses: 100 },
    scenarios: [
      RehearsalScenario.healthy(),
      RehearsalScenario.broken(),
      RehearsalScenario.worse({ candidateErrorRate: 0.03 }),
      RehearsalScenario.builtIn(BuiltInScenario.OUTAGE),
    ],
    runs: RUNS,
  });
  app.synth();
}

/** Everything that is drawn when it comes into sight is brought there first. */
async function shoot(page: string, to: string, viewport: { width: number; height: number }, fullPage = false): Promise<void> {
  const browser = await launchBrowser();
  try {
    const shown = await browser.newPage({ viewport, colorScheme: 'light' });
    await shown.goto(pathToFileURL(page).href);
    for (const figure of await shown.locator('figure.chart').all()) {
      await figure.scrollIntoViewIfNeeded();
      await figure.locator('.uplot canvas').waitFor();
    }
    await shown.evaluate('scrollTo(0, 0)');
    await shown.screenshot({ path: to, fullPage });
  } finally {
    await browser.close();
  }
}

void main();
