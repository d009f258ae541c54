// One synthesis in a process of its own, as `cdk synth` does it, without the loading of the libraries.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib/core';
import { context } from '../../cdk.json';
import { handWritten } from './hand-written';
import { withConstructs } from './with-constructs';

/** A stack may have 500 resources. */
const ENDPOINTS_PER_STACK = 10;

/** What one synthesis took, and made. */
export interface Measured {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly types: string[];
  readonly constructs: number;
}

const define = process.argv[2] === 'hand-written' ? handWritten : withConstructs;
const endpoints = Number(process.argv[3]);
const outdir = mkdtempSync(join(tmpdir(), 'bench-synth-'));
const started = performance.now();
const cpu = process.cpuUsage();
const app = new App({ context, outdir });
for (let defined = 0; defined < endpoints; defined += ENDPOINTS_PER_STACK) {
  define(new Stack(app, `Stack${defined}`), Math.min(ENDPOINTS_PER_STACK, endpoints - defined));
}
const assembly = app.synth();
const { user, system } = process.cpuUsage(cpu);
const wallMs = performance.now() - started;
const types = assembly.stacks.flatMap(({ templateFullPath }) => {
  const { Resources: resources } = JSON.parse(readFileSync(templateFullPath, 'utf8')) as { Resources: { [id: string]: { Type: string } } };
  return Object.values(resources).map(({ Type: type }) => type);
});
rmSync(outdir, { recursive: true, force: true });
process.send!({ cpuMs: (user + system) / 1_000, wallMs, types, constructs: app.node.findAll().length } satisfies Measured);
