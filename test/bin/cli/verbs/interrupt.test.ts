import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RehearsalDocument } from '../../../../rehearsal/report/document';
import { BUNDLE } from '../../../fixtures/fake-aws';
import { synthesizeRehearsed } from '../../../fixtures/rehearsed-app';

/** Rehearsals that somebody interrupts at a terminal, with the command as it ships. */

const RUNS = 1_000;
const CONTROL_C = '\x03';
/** Runs a command at a terminal of its own, and ends as the command does. */
const TERMINAL = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'interrupt-'));
  synthesizeRehearsed(folder, 20);
  writeFileSync(join(folder, 'scenarios.yaml'), 'scenarios: [{ name: first, like: broken, expect: { missRate: 0 } }, { name: second }, { name: third }]');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the command prints when it is interrupted as soon as its progress bar names the second scenario. */
function interrupted(args: string): Promise<{ code: number | null; seen: string }> {
  const command = `exec ${process.execPath} ${BUNDLE} rehearse -f scenarios.yaml -n ${RUNS} ${args}`;
  const child = spawn('python3', ['-c', TERMINAL, 'sh', '-c', command], { cwd: folder, env: { ...process.env, JEST_WORKER_ID: undefined }, stdio: ['pipe', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    let seen = '';
    let pressed = false;
    child.stdout.on('data', (data: Buffer) => {
      seen += String(data);
      if (!pressed && seen.includes('second')) {
        pressed = true;
        child.stdin.write(CONTROL_C);
      }
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, seen }));
  });
}

test('Ctrl-C ends a long rehearsal with what was finished in every report, marked as interrupted', async () => {
  const { code } = await interrupted('--json --junit junit.xml --html page.html > document.json');
  expect(code).toBe(5);
  const { ok, interrupted: marked, error, rollouts: [{ scenarios }] } = JSON.parse(readFileSync(join(folder, 'document.json'), 'utf8')) as RehearsalDocument;
  expect({ ok, marked, error }).toEqual({ ok: false, marked: true, error: { code: 'INTERRUPTED', message: expect.stringContaining('interrupted') } });
  const [first, second, third] = scenarios;
  // All of what was finished, and of the one under way what was done.
  expect(first).toMatchObject({ scenario: 'first', runs: RUNS, verdicts: { 'rolled back': RUNS }, requirements: [{ requirement: 'missRate', met: true }] });
  expect(second?.runs ?? 0).toBeLessThan(RUNS);
  expect(third).toBeUndefined();
  const xml = readFileSync(join(folder, 'junit.xml'), 'utf8');
  expect(xml).toContain('<testcase classname="Shop.fraud/live" name="first"><system-out>rolled back 100 %');
  expect(xml).toContain('<error type="INTERRUPTED"');
  const page = readFileSync(join(folder, 'page.html'), 'utf8');
  expect(page).toContain('Interrupted: what is here was rehearsed, the rest was not.');
  expect(page).toContain('<h3>first</h3>');
  expect(page).not.toContain('<h3>third</h3>');
});

test('Ctrl-C shows the table of what was finished', async () => {
  const { code, seen } = await interrupted('> table.txt');
  expect(code).toBe(5);
  const table = readFileSync(join(folder, 'table.txt'), 'utf8');
  expect(table).toMatch(/│ first +│ rolled back 100 % /);
  expect(table).not.toContain('third');
  expect(table.trimEnd()).toMatch(/interrupted: this is what was rehearsed until then$/);
  // The terminal has its cursor back.
  expect(seen.lastIndexOf('\x1b[?25h')).toBeGreaterThan(seen.lastIndexOf('\x1b[?25l'));
});
