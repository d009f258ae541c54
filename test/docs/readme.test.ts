import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import type { Stack } from 'aws-cdk-lib/core';
import * as typescript from 'typescript';
import * as library from '../../lib';
import { rolloutsOf } from '../../rehearsal/assembly/find-rollouts';
import { rehearse } from '../../rehearsal/engine/rehearse';
import { USUAL } from '../../lib/core/rehearsal/built-in';

const ROOT = join(__dirname, '..', '..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const README = read('README.md');
const block = (language: string, holds: string): string => {
  const found = [...README.matchAll(/^```(\w+).*\n([\s\S]*?)^```$/gm)].find(([, of, code]) => of === language && code.includes(holds));
  return found![2];
};
const folder = process.cwd();

afterAll(() => process.chdir(folder));

/** README's first example, in a fresh directory, with nothing but its printed lines. */
function printed(): Stack {
  const directory = mkdtempSync(join(tmpdir(), 'readme-'));
  mkdirSync(join(directory, 'models', 'fraud'), { recursive: true });
  writeFileSync(join(directory, 'models', 'fraud', 'model.py'), block('python', 'def predict'));
  process.chdir(directory);
  const script = typescript.transpileModule(`${block('ts', 'new App()')}\nexport { stack };`, {
    compilerOptions: { target: typescript.ScriptTarget.ES2022, module: typescript.ModuleKind.CommonJS },
  }).outputText;
  const exported: { stack?: Stack } = {};
  const require = createRequire(__filename);
  const known = (name: string): unknown => (name === 'cdk-model-rollout' ? library : require(name));
  (new Function('exports', 'require', script) as (exports: object, known: unknown) => void)(exported, known);
  return exported.stack!;
}

describe('README', () => {
  test('prints a first example that needs nothing else, and promotes a healthy model at ten requests a second', async () => {
    const stack = printed();
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
    const [rollout] = rolloutsOf('Fraud', Template.fromStack(stack).toJSON());
    expect((await rehearse(rollout, USUAL, { seed: 1 })).verdict).toBe('promoted');
  });

  test('says how to install all that the example imports, before it shows it', () => {
    const install = README.slice(0, README.indexOf('## Fifteen lines'));
    const packages = ['cdk-model-rollout', ...Object.keys((JSON.parse(read('package.json')) as { peerDependencies: object }).peerDependencies)];
    for (const command of ['npm install', 'pip install']) {
      const line = install.split('\n').find((each) => each.includes(command))!;
      expect(packages.filter((name) => !line.includes(` ${name}`))).toEqual([]);
    }
  });

  test('asks for the Node.js that the package asks for, and so does every page', () => {
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    const pages = ['README.md', 'docs/start.md', 'docs/demo.md'];
    const asked = pages.flatMap((page) => [...read(page).matchAll(/Node\.js (\d+) or later/g)].map(([, version]) => version));
    expect(asked.length).toBeGreaterThan(2);
    expect([...new Set(asked)].map((version) => `>=${version}`)).toEqual([engines.node]);
  });

  test('is a page that is read at once, and its links lead to files', () => {
    expect(Buffer.byteLength(README)).toBeLessThan(12_000);
    const links = [...README.matchAll(/\]\(((?!https?:|#)[^)#]+)/g)].map(([, link]) => link);
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter((link) => !existsSync(join(ROOT, link)))).toEqual([]);
  });
});
