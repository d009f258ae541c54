import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

/** The demo on a machine where `python3` is this shell script, or nothing. */
function demo(python3?: string): { status: number | null; stderr: string } {
  const path = mkdtempSync(join(tmpdir(), 'path-'));
  if (python3 !== undefined) {
    writeFileSync(join(path, 'python3'), `#!/bin/sh\n${python3}\n`);
    chmodSync(join(path, 'python3'), 0o755);
  }
  return spawnSync(process.execPath, ['--import', 'tsx', join(ROOT, 'scripts/demo.ts')], { cwd: ROOT, encoding: 'utf8', env: { PATH: path } });
}

test.each<[string, string | undefined, string]>([
  ['no Python', undefined, 'Python 3.10 or later is needed, found none: install it and try again'],
  ['an old Python', 'echo 3.9', 'Python 3.10 or later is needed, found python3 3.9: install it and try again'],
  ['a Python without venv', 'case "$2" in *version*) echo 3.12 ;; *) exit 1 ;; esac', 'python3 has no venv module: install it (on Debian and Ubuntu: apt-get install python3-venv)'],
])('the demo fails for %s with one sentence, and no stack trace', (_, python3, sentence) => {
  const { status, stderr } = demo(python3);
  expect([status, stderr]).toEqual([1, `${sentence}\n`]);
});
