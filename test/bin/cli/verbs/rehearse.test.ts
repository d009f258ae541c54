import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Duration } from 'aws-cdk-lib/core';
import { CanaryRollout, Guardrail, RehearsalScenario, TrafficShift } from '../../../../lib/index';
import type { RehearsalDocument } from '../../../../rehearsal/report/document';
import { newEndpoint, newStack } from '../../../fixtures/stacks';
import { runBundle, runCli } from '../../../fixtures/fake-aws';
import { synthesizeRehearsed } from '../../../fixtures/rehearsed-app';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rehearse-'));
  synthesizeRehearsed(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command, in the folder of the app. */
async function rehearse(...args: string[]): Promise<Ended> {
  const { code: status, stdout, stderr } = await runCli(['rehearse', ...args], {}, {}, folder);
  return { status, stdout, stderr };
}

/** The same as it ships: a process that rehearses on threads. */
async function rehearseAsProcess(...args: string[]): Promise<Ended> {
  const { code: status, stdout, stderr } = await runBundle(['rehearse', ...args], {}, {}, folder);
  return { status, stdout, stderr };
}

test('every scenario has its line, on the assembly that is there', async () => {
  const { status, stdout, stderr } = await rehearseAsProcess('-n', '10');
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(stdout).toMatch(/^Shop fraud\/live {2}10 % > 50 % > \d+ % > 100 %, 10 rehearsals of each scenario/);
  for (const name of ['healthy', 'broken', 'controller-dead', 'cancelled']) {
    expect(stdout).toMatch(new RegExp(`│ ${name} +│`));
  }
  // Nobody said what traffic there is.
  expect(stdout).toContain('assumed: 10 requests a second, of which production fails 1 %');
});

test('threads change nothing, and the same seed is the same document', async () => {
  const one = await rehearseAsProcess('--scenario', 'worse', 'healthy', '-n', '30', '--json', '--threads', '1');
  const two = await rehearseAsProcess('--scenario', 'worse', 'healthy', '-n', '30', '--json', '--threads', '2');
  expect(two.stdout).toBe(one.stdout);
  const { ok, command, runs, rollouts: [{ alias, scenarios }] } = JSON.parse(one.stdout) as RehearsalDocument;
  expect({ ok, command, runs, alias }).toEqual({ ok: true, command: 'rehearse', runs: 30, alias: 'fraud/live' });
  expect(scenarios.map(({ scenario }) => scenario)).toEqual(['healthy', 'worse']);
});

test('fails with code 7 where an expectation is unmet, and says so in every report', async () => {
  writeFileSync(join(folder, 'scenarios.yaml'), 'scenarios:\n  - { name: bad & worse, like: broken, expect: { maxBadResponses: 1 } }\n  - { name: fine, expect: { falseRollbackRate: 0.5 } }\n');
  const { status, stdout } = await rehearseAsProcess('-f', 'scenarios.yaml', '-n', '10', '--junit', 'junit.xml', '--json');
  expect(status).toBe(7);
  const { ok, error } = JSON.parse(stdout) as RehearsalDocument;
  expect(ok).toBe(false);
  expect(error).toEqual({ code: 'EXPECTATIONS_UNMET', message: expect.stringMatching(/^fraud\/live: bad & worse: maxBadResponses: [\d.]+ requests failed at the candidate/) });
  const xml = readFileSync(join(folder, 'junit.xml'), 'utf8');
  expect(xml).toMatch(/<testsuite name="Shop fraud\/live" tests="2" failures="1">\n.*name="bad &#38; worse"><failure type="maxBadResponses" message="/);
  expect((await rehearse('-f', 'scenarios.yaml', '-n', '10')).stdout).toContain('not as expected: bad & worse: ');
});

describe('what the app requires of a rollout', () => {
  const required = (id: string, shift: TrafficShift, limit: number): string => {
    const app = new App({ outdir: join(folder, id) });
    const stack = newStack('Shop', app);
    new CanaryRollout(stack, 'R', { endpoint: newEndpoint(stack), shift, guardrails: [Guardrail.errorPercentAbove(10)] }).rehearse({
      expect: { falseRollbackRate: 0.1, detectWithin: Duration.minutes(8), maxBadResponses: limit },
      scenarios: [RehearsalScenario.healthy(), RehearsalScenario.broken(), RehearsalScenario.worse({ name: 'fails-a-third', candidateErrorRate: 0.33 })],
      runs: 30, requestsPerSecond: 20,
    });
    app.synth();
    return id;
  };

  test('is rehearsed without further options, and a plan that protects passes', async () => {
    const assembly = required('sound', TrafficShift.steps([1, 10], { bakeTime: Duration.minutes(10) }), 50);
    const { status, stdout } = await rehearse('--assembly', assembly);
    expect(stdout).toContain('\nas expected: 7 of 7 requirements\n');
    expect(stdout).not.toContain('not as expected');
    expect(stdout).not.toContain('assumed');
    expect(status).toBe(0);
    const { rollouts: [{ runs, scenarios }] } = JSON.parse((await rehearse('--assembly', assembly, '--json', '--junit', 'sound.xml')).stdout) as RehearsalDocument;
    expect(runs).toBe(30);
    expect(scenarios.map(({ scenario, requirements }) => [scenario, requirements.map(({ requirement }) => requirement)])).toEqual([
      ['healthy', ['falseRollbackRate']],
      ['broken', ['falseRollbackRate', 'detectWithin', 'maxBadResponses']],
      ['fails-a-third', ['falseRollbackRate', 'detectWithin', 'maxBadResponses']],
    ]);
    expect(readFileSync(join(folder, 'sound.xml'), 'utf8')).not.toContain('<failure');
  });

  test('fails with code 7 for a plan that cannot protect, with requirement, value and limit in every report', async () => {
    const assembly = required('unsound', TrafficShift.steps([50], { bakeTime: Duration.minutes(10) }), 50);
    const { status, stdout } = await rehearse('--assembly', assembly, '--junit', 'unsound.xml', '--html', 'unsound.html', '--json');
    expect(status).toBe(7);
    const { ok, error, rollouts: [{ scenarios }] } = JSON.parse(stdout) as RehearsalDocument;
    expect({ ok, error }).toMatchObject({ ok: false, error: { code: 'EXPECTATIONS_UNMET', message: expect.stringContaining('fraud/live: broken: maxBadResponses: ') } });
    const unmet = scenarios.find(({ scenario }) => scenario === 'broken')!.requirements.find(({ met }) => !met)!;
    expect(unmet).toMatchObject({ requirement: 'maxBadResponses', limit: 50 });
    expect(unmet.value).toBeGreaterThan(50);
    expect(readFileSync(join(folder, 'unsound.xml'), 'utf8')).toMatch(/name="broken"><failure type="maxBadResponses" message="maxBadResponses: [\d.]+ requests failed .* expected at most 50"/);
    expect(readFileSync(join(folder, 'unsound.html'), 'utf8').slice(0, 20_000)).toMatch(/The plan does not hold: [^]*<b>broken:<\/b> maxBadResponses: [\d.]+ requests/);
    expect((await rehearse('--assembly', assembly)).stdout).toMatch(/not as expected: broken: maxBadResponses: [\d.]+ requests failed .*, expected at most 50\n/);
  });

  test('can be looked at one by one, with others that are built in, and as often as one likes', async () => {
    const { status, stdout } = await rehearse('--assembly', required('some', TrafficShift.steps([50], { bakeTime: Duration.minutes(10) }), 50), '--scenario', 'healthy', 'outage', '-n', '7', '--json');
    const { runs, rollouts: [{ scenarios }] } = JSON.parse(stdout) as RehearsalDocument;
    expect({ status, runs, scenarios: scenarios.map(({ scenario }) => scenario) }).toEqual({ status: 0, runs: 7, scenarios: ['healthy', 'outage'] });
  });
});

test('a change of plan is compared with the plan before it, on the same traffic', async () => {
  const app = new App({ outdir: join(folder, 'base') });
  const stack = newStack('Shop', app);
  new CanaryRollout(stack, 'R', {
    endpoint: newEndpoint(stack),
    shift: TrafficShift.steps([10], { bakeTime: Duration.minutes(10) }),
    guardrails: [Guardrail.errorPercentAbove(10)],
  });
  app.synth();
  const args = ['--base', 'base', '--scenario', 'healthy', '-n', '10'];
  const { rollouts: [{ scenarios: [now], base }] } = JSON.parse((await rehearse(...args, '--json')).stdout) as RehearsalDocument;
  expect(base![0].durationSeconds.median).toBeLessThan(now.durationSeconds.median);
  expect((await rehearse(...args)).stdout).toMatch(/│ healthy .*\n[^a-z]*│ {3}before .* 2\d min │/);
  // Against itself nothing changes.
  const { rollouts: [same] } = JSON.parse((await rehearse('--base', 'cdk.out', '--scenario', 'worse', '-n', '10', '--json')).stdout) as RehearsalDocument;
  expect(same.scenarios.map(({ requirements, ...seen }) => ({ ...seen, requirements: requirements.filter(({ requirement }) => requirement !== 'base') }))).toEqual(same.base);
  expect(same.scenarios[0].unmet).toEqual([]);
});

describe('a plan that got worse', () => {
  const blind = ['--base', 'cdk.out', '--assembly', 'blind', '--scenario', 'healthy', 'worse', '-n', '12'];

  beforeAll(() => {
    const app = new App({ outdir: join(folder, 'blind') });
    const stack = newStack('Shop', app);
    new CanaryRollout(stack, 'R', { endpoint: newEndpoint(stack), shift: TrafficShift.steps([50], { bakeTime: Duration.minutes(1) }), guardrails: [Guardrail.errorPercentAbove(50)] });
    app.synth();
    const before = new App({ outdir: join(folder, 'seeing') });
    const sound = newStack('Shop', before);
    new CanaryRollout(sound, 'R', { endpoint: newEndpoint(sound), shift: TrafficShift.steps([25, 50], { bakeTime: Duration.minutes(30) }) });
    before.synth();
  });

  test('fails the command, and every report says what it misses now and missed before', async () => {
    const { status, stdout } = await rehearse(...blind.with(1, 'seeing'), '--junit', 'worse.xml', '--json');
    expect(status).toBe(7);
    const { error } = JSON.parse(stdout) as RehearsalDocument;
    expect(error).toEqual({ code: 'EXPECTATIONS_UNMET', message: expect.stringMatching(/^fraud\/live: worse: base: promoted although worse: 100 % of 12 rollouts \(at least 75\.8 %\), before the change 0 % \(at most 24\.2 %\)$/) });
    const xml = readFileSync(join(folder, 'worse.xml'), 'utf8');
    expect(xml).toMatch(/tests="2" failures="1"/);
    expect(xml).toMatch(/name="worse"><failure type="base" message="base: promoted although worse: .*<system-out>promoted 100 %; false rollback 0 % .*; missed 100 % .*; before the change rolled back 100 %, false rollback 0 % .*, missed 0 % /);
    // The other way round it got better.
    expect((await rehearse('--base', 'blind', '--assembly', 'seeing', '--scenario', 'worse', '-n', '12')).status).toBe(0);
  });

  test('is compared with itself before: a base without any of the rollouts is a mistake, a new rollout is said to be new', async () => {
    const app = new App({ outdir: join(folder, 'other') });
    const stack = newStack('Other', app);
    new CanaryRollout(stack, 'R', { endpoint: newEndpoint(stack, { endpointName: 'other' }) });
    app.synth();
    const { status, stderr } = await rehearse('--base', 'other', '--scenario', 'healthy', '-n', '10');
    expect([status, stderr]).toEqual([3, expect.stringContaining('other has none of the rollouts that are compared with it (fraud/live of stack Shop); there is other/live of stack Other')]);
    const both = new App({ outdir: join(folder, 'both') });
    for (const name of ['Shop', 'Other']) {
      const each = newStack(name, both);
      new CanaryRollout(each, 'R', { endpoint: newEndpoint(each, { endpointName: name.toLowerCase() }) });
    }
    both.synth();
    const said = await rehearse('--base', 'other', '--assembly', 'both', '--scenario', 'healthy', '-n', '10', '--junit', 'both.xml');
    expect([said.status, said.stdout]).toEqual([0, expect.stringContaining('before the change there was no such rollout')]);
    expect(readFileSync(join(folder, 'both.xml'), 'utf8')).toContain('no such rollout before the change');
  });
});

test('other systems\' rules are compared on the same traffic where they are asked for', async () => {
  const { status, stdout } = await rehearse('--peers', '--scenario', 'broken', 'cancelled', '-n', '10', '--json');
  expect(status).toBe(0);
  const { rollouts: [{ peers, scenarios }] } = JSON.parse(stdout) as RehearsalDocument;
  // A cancelled deployment is none of theirs.
  expect(peers!.map(({ scenario }) => scenario)).toEqual(['broken']);
  for (const { peer, verdicts, badResponses } of peers![0].peers) {
    expect([peer, verdicts]).toEqual([peer, { 'rolled back': 10 }]);
    expect(badResponses).toBeGreaterThan(scenarios[0].badResponses);
  }
  expect((await rehearse('--peers', '--scenario', 'broken', '-n', '10')).stdout).toMatch(/│ this plan +│ rolled back 100 %/);
  expect(JSON.parse((await rehearse('--scenario', 'broken', '-n', '10', '--json')).stdout)).not.toHaveProperty('rollouts.0.peers');
});

test.each([
  [['--assembly', 'nowhere'], 3, 'NO_ASSEMBLY'],
  [['beta'], 3, 'NO_ROLLOUT'],
  [['--app', 'exit 4'], 2, 'APP_FAILED'],
  [['--app', 'true', '--assembly', 'cdk.out'], 2, 'BAD_OPTION'],
  [['--scenario', 'unheard-of'], 2, 'BAD_OPTION'],
  [['-f', 'none.yaml'], 2, 'BAD_SCENARIO'],
  [['-n', '0'], 2, 'USAGE'],
  [['-n', '1', '--html', 'no/such/folder/report.html'], 2, 'BAD_OPTION'],
])('fails on %j with code %i', async (args, exit, code) => {
  const { status, stdout } = await rehearse(...args, '--json');
  expect(status).toBe(exit);
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, command: 'rehearse', error: { code } });
});

test('the page says first whether the plan holds, and needs nothing else', async () => {
  writeFileSync(join(folder, 'page.yaml'), 'scenarios:\n  - { name: "<b>bad</b>", like: broken, expect: { missRate: 0.01 } }\n  - { name: fine }\n');
  expect((await rehearse('-f', 'page.yaml', '-n', '10', '--html', 'report.html')).status).toBe(0);
  const page = readFileSync(join(folder, 'report.html'), 'utf8');
  // Nothing is fetched: no address but the name of a namespace that the chart library has for itself.
  expect(page.replaceAll('http://www.w3.org/', '')).not.toMatch(/https?:|<link|url\(|<[^>]* src=/);
  expect(page).not.toContain('<b>bad</b>');
  expect(page).toContain('&#60;b&#62;bad&#60;/b&#62;');
  expect(page.replace(/<script>[^]*<\/script>/, '')).not.toMatch(/NaN|undefined|Infinity/);
  expect(page).toContain('CodeDeploy Canary10Percent5Minutes');
  expect(page.indexOf('The plan holds: its one requirement is met.')).toBeLessThan(page.indexOf('<figure'));
  // A detection curve, and two plots of each scenario.
  expect(page.match(/<figure /g)).toHaveLength(5);
});

test('what an app synthesizes is rehearsed without a trace of it left', async () => {
  const { status, stdout } = await rehearse('--app', 'cp -r cdk.out/* "$CDK_OUTDIR"', '-n', '1', '--scenario', 'healthy');
  expect(status).toBe(0);
  expect(stdout).toContain('fraud/live');
});
