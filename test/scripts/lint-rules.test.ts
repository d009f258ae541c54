import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ROOT = join(__dirname, '../..');

/** Files, and the rule that each breaks; one that breaks none is what the others import. */
const PLANTED: readonly [file: string, rule: string | undefined, text: string][] = [
  ['lib/core/circle/one.ts', 'imports/no-file-circle', 'import { two } from \'./two\';\n\nexport const one = (): number => two();\n'],
  ['lib/core/circle/two.ts', 'imports/no-file-circle', 'import { one } from \'./one\';\n\nexport const two = (): number => one();\n'],
  ['lib/a/one.ts', 'imports/no-folder-circle', 'import { two } from \'../b/two\';\n\nexport const one = two;\n'],
  ['lib/b/two.ts', undefined, 'export const two = 2;\n'],
  ['lib/b/three.ts', 'imports/no-folder-circle', 'import { four } from \'../a/four\';\n\nexport const three = four;\n'],
  ['lib/a/four.ts', undefined, 'export const four = 4;\n'],
  ['lambda/abort/abort.ts', 'imports/floors', 'import { gate } from \'../gate/gate\';\n\nexport const abort = gate;\n'],
  ['lambda/gate/gate.ts', undefined, 'import { six } from \'../../lib/core/six\';\n\nexport const gate = six;\n'],
  ['lambda/shared/shared.ts', 'imports/floors', 'import { gate } from \'../gate/gate\';\n\nexport const shared = gate;\n'],
  ['lambda/gate/construct.ts', 'imports/floors', 'import { two } from \'../../lib/b/two\';\n\nexport const construct = two;\n'],
  ['lib/core/upwards.ts', 'imports/floors', 'import { two } from \'../b/two\';\n\nexport const upwards = two;\n'],
  ['lib/core/cdk.ts', '@typescript-eslint/no-restricted-imports', 'import { Duration } from \'aws-cdk-lib/core\';\n\nexport const second = Duration.seconds(1);\n'],
  ['lib/barrel.ts', '@typescript-eslint/no-restricted-imports', 'import { Duration } from \'aws-cdk-lib\';\n\nexport const second = Duration.seconds(1);\n'],
  ['lib/core/six.ts', 'max-params', 'export function six(a: number, b: number, c: number, d: number, e: number, f: number): number {\n  return a + b + c + d + e + f;\n}\n'],
  ['lib/core/sign.ts', 'no-nested-ternary', 'export const sign = (x: number): number => (x < 0 ? -1 : x > 0 ? 1 : 0);\n'],
  ['lib/core/long.ts', 'max-len', `export const long = ${'1 + '.repeat(40)}1;\n`],
  ['lib/core/loose.ts', 'eqeqeq', 'export const loose = (a: number, b: number): boolean => a == b;\n'],
  ['lib/core/guess.ts', '@typescript-eslint/explicit-function-return-type', 'export function guess(a: number) {\n  return a;\n}\n'],
  ['lib/core/idle.ts', '@typescript-eslint/no-unused-vars', 'export function idle(a: number): number {\n  return 1;\n}\n'],
  ['lib/core/sdk.ts', '@typescript-eslint/no-restricted-imports', 'import { LambdaClient } from \'@aws-sdk/client-lambda\';\n\nexport const client = new LambdaClient({});\n'],
  ['lib/core/value.ts', '@typescript-eslint/consistent-type-imports', 'import { Stats } from \'node:fs\';\n\nexport type Found = Stats;\n'],
  ['lambda/gate/cdk.ts', '@typescript-eslint/no-restricted-imports', 'import { Duration } from \'aws-cdk-lib/core\';\n\nexport const second = Duration.seconds(1);\n'],
  ['test/row.test.ts', undefined, `export const row = ['${'a'.repeat(150)}'];\n`],
  ['test/wide.test.ts', 'max-len', `export const wide = 1; // ${'a'.repeat(150)}\n`],
  ['bin/cli/program.ts', 'imports/floors', 'import { two } from \'../../lib/b/two\';\n\nexport const program = two;\n'],
  ['page/page.ts', 'imports/floors', 'import { gate } from \'../lambda/gate/gate\';\n\nexport const page = gate;\n'],
  ['rehearsal/rehearsed.ts', 'imports/floors', 'import { program } from \'../bin/cli/program\';\n\nexport const rehearsed = program;\n'],
];

test('lint finds every broken rule in the file that breaks it, and nothing else', () => {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const place = mkdtempSync(join(ROOT, '.cache', 'lint-'));
  try {
    ['bin', 'page', 'rehearsal', 'examples', 'benchmarks', 'test'].forEach((folder) => mkdirSync(join(place, folder)));
    cpSync(join(ROOT, 'eslint.config.mjs'), join(place, 'eslint.config.mjs'));
    cpSync(join(ROOT, 'scripts/lint'), join(place, 'scripts/lint'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(place, 'node_modules'));
    for (const [file, , text] of PLANTED) {
      mkdirSync(dirname(join(place, file)), { recursive: true });
      writeFileSync(join(place, file), text);
    }
    const { stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'node_modules/eslint/bin/eslint.js'), '--format', 'json', 'lib', 'lambda', 'bin', 'page', 'rehearsal', 'test'], { cwd: place, encoding: 'utf8' });
    expect(stderr).toBe('');
    const found = (JSON.parse(stdout) as { filePath: string; messages: { ruleId: string }[] }[])
      .map(({ filePath, messages }) => [relative(place, filePath), messages.map(({ ruleId }) => ruleId)] as const);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(PLANTED.map(([file, rule]) => [file, rule === undefined ? [] : [rule]])));
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});
