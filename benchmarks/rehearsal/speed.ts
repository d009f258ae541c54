import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { App, Duration, Stack } from 'aws-cdk-lib/core';
import Table from 'cli-table3';
import { CanaryRollout, type CanaryRolloutProps, Guardrail, Model, ModelEndpoint, TrafficShift } from '../../lib';
import type { RehearsalDocument } from '../../rehearsal/report/document';
import { benchmark, type Run, yardstick } from '../benchmark';
import { plain } from '../report';

const COMMAND = join(process.cwd(), 'assets', 'cli', 'index.mjs');
/** Has a process say at its end what it has used. */
const USAGE = 'data:text/javascript,process.on("exit",()=>process.stderr.write("\\nusage "+JSON.stringify(process.resourceUsage())+"\\n"))';
const LIMITS = [Guardrail.errorPercentAbove(20), Guardrail.latencyAbove(Duration.seconds(2))];
/** Of each built-in scenario. */
const USUAL_RUNS = 10;
const USUAL = 'two hours, built-in scenarios';
/** Healthy to the end, so that every period is simulated. */
const SCENARIOS = JSON.stringify({ scenarios: [{ name: 'healthy', traffic: { requestsPerSecond: 50 } }] });

/**
 * What the command takes for rollouts with one-minute ticks and three guardrails, one of them an alarm that looks every ten seconds,
 * on two threads. Time should grow linearly in rehearsals and in periods.
 */
function measure(folder: string, run: Run): void {
  const fixed = yardstick();
  const table = new Table({
    head: ['hours of rollout', 'rehearsals', 'seconds', 'CPU, s', 'CPU per period, µs', 'memory, MB', 'aim'],
    ...plain,
  });
  writeFileSync(join(folder, 'scenarios.json'), SCENARIOS);
  for (const [hours, runs] of [[6, 250], [12, 250], [24, 125], [24, 250], [24, 1_000]]) {
    const row = `${runs} of ${hours} hours`;
    if (!run.wants(row)) {
      continue;
    }
    const assembly = join(folder, `${hours}`);
    synthesize(assembly, limits(hours));
    const { document, seconds, cpu, memory } = rehearsed(assembly, runs, ['-f', join(folder, 'scenarios.json')]);
    const { rollouts: [{ scenarios: [{ verdicts }] }] } = document;
    if (verdicts.promoted !== runs) {
      throw new Error(`${JSON.stringify(verdicts)} of ${runs}: rollouts that end early measure nothing`);
    }
    const aimed = hours === 24 && runs === 1_000;
    // 60 s on two cores, whoever else uses them now.
    const missed = aimed && (cpu > 120 || memory > 500);
    process.exitCode = missed ? 1 : process.exitCode;
    run.figure(row, 'CPU of a period to a fixed piece of work', [(1_000 * cpu) / (runs * hours * 60) / fixed]);
    table.push([
      hours, runs, seconds.toFixed(1), cpu.toFixed(1), ((1e6 * cpu) / (runs * hours * 60)).toFixed(1), memory.toFixed(0),
      aimed ? `2 × 60 s of CPU, 500 MB: ${missed ? 'MISSED' : 'met'}` : '',
    ]);
  }
  console.log(table.toString());
  if (run.wants(USUAL)) {
    console.log(asUsual(folder, run));
  }
}

/** What the command does where it is told nothing: every built-in scenario that concerns the plan, here of two hours. */
function asUsual(folder: string, run: Run): string {
  const [evidence, judgedByLimits] = [{}, { guardrails: LIMITS }].map((guarded, index) => {
    const assembly = join(folder, `usual-${index}`);
    const bakeTime = Duration.minutes(30);
    synthesize(assembly, { shift: TrafficShift.steps([5, 25, 50], { bakeTime }), finalBakeTime: bakeTime, ...guarded });
    const { document: { rollouts: [{ scenarios }] }, cpu } = rehearsed(assembly, USUAL_RUNS);
    return (1_000 * cpu) / (scenarios.length * USUAL_RUNS);
  });
  run.figure(USUAL, 'CPU, by evidence to by limits', [evidence / judgedByLimits]);
  return `${USUAL}: ${evidence.toFixed(0)} ms of CPU a rehearsal with the default guardrails, by evidence, `
    + `${judgedByLimits.toFixed(0)} ms with limits alone: ${(evidence / judgedByLimits).toFixed(1)} times`;
}

/** The command on two threads. */
function rehearsed(
  assembly: string,
  runs: number,
  options: readonly string[] = [],
): { readonly document: RehearsalDocument; readonly seconds: number; readonly cpu: number; readonly memory: number } {
  const started = performance.now();
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', USAGE, COMMAND, 'rehearse', '--assembly', assembly, ...options, '-n', `${runs}`, '--threads', '2', '--json'],
    { encoding: 'utf8', maxBuffer: 1e9 },
  );
  const seconds = (performance.now() - started) / 1_000;
  const usages = [...stderr.matchAll(/^usage (.*)$/gm)].map(([, json]) => JSON.parse(json) as NodeJS.ResourceUsage);
  return {
    document: JSON.parse(stdout) as RehearsalDocument,
    seconds,
    cpu: Math.max(...usages.map(({ userCPUTime, systemCPUTime }) => userCPUTime + systemCPUTime)) / 1e6,
    memory: Math.max(...usages.map(({ maxRSS }) => maxRSS)) / 1_024,
  };
}

/** A rollout of some hours that is judged by limits. */
function limits(hours: number): Omit<CanaryRolloutProps, 'endpoint'> {
  return {
    shift: TrafficShift.custom([5, 10, 25, 50].map((percent) => ({ percent, bakeTime: Duration.minutes(hours * 12) }))),
    finalBakeTime: Duration.minutes(hours * 12),
    guardrails: LIMITS,
  };
}

function synthesize(outdir: string, props: Omit<CanaryRolloutProps, 'endpoint'>): void {
  const app = new App({ outdir });
  const stack = new Stack(app, 'Speed');
  const model = Model.lambdaFunction({
    code: lambda.Code.fromInline('exports.handler = async () => ({})'),
    handler: 'index.handler',
    runtime: lambda.Runtime.NODEJS_24_X,
  });
  const candidate = Model.lambdaFunction({
    code: lambda.Code.fromInline('exports.handler = async () => ({ v: 2 })'),
    handler: 'index.handler',
    runtime: lambda.Runtime.NODEJS_24_X,
  });
  new CanaryRollout(stack, 'Rollout', {
    endpoint: new ModelEndpoint(stack, 'Endpoint', { model, endpointName: 'speed' }),
    candidate,
    ...props,
  });
  app.synth();
}

void benchmark('rehearsal', 1, (run) => {
  const folder = mkdtempSync(join(tmpdir(), 'rehearsal-speed-'));
  try {
    measure(folder, run);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
