import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { demands } from '../../../benchmarks/judge/figures';
import type { Measured } from '../../../benchmarks/judge/figures/figure';

/**
 * A part of the rollouts behind every demand of the acceptance table, at fixed seeds; `npm run simulate:acceptance` runs them
 * all. In a process of its own, because Jest's sandbox makes every use of `Math` several times slower.
 */
const root = join(__dirname, '../../..');
const measured = new Map<string, Measured>();

beforeAll(() => {
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'benchmarks/judge/simulate.ts', '--quick', '--json'], { cwd: root, encoding: 'utf8' });
  for (const line of stdout.trim().split('\n')) {
    const { section, name, ...result } = JSON.parse(line) as Measured & { section: string; name: string };
    measured.set(`${section}: ${name}`, result);
  }
  expect(stderr).toBe('');
});

test.each(demands().map(({ section, name, demanded }) => [`${section}: ${name}`, demanded]))('%s, %s', (figure) => {
  // The text goes with the failure.
  expect({ ...measured.get(figure) }).toEqual({ text: expect.any(String), met: true });
});
