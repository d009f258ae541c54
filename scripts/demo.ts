// `npm run demo`: the example on an emulated AWS, from nothing to a table of what each version answered.
import Table from 'cli-table3';
import { rows } from '../examples/digits/data';
import { bootstrap, CdkError, deploy } from './emulator/cdk';
import { EndpointClient, inParallel, type Reply } from './emulator/client';
import { type Emulator, startEmulator } from './emulator/emulator';
import { PrerequisiteError } from './emulator/prerequisites';
import { demonstrateRehearsal, demonstrateRollout } from './demo-rollout';

const CONCURRENCY = 4;

async function main(): Promise<void> {
  const started = performance.now();
  const say = (line: string): void => console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`);

  const emulator = await startEmulator({}, say);
  const interrupted = (): void => {
    say('interrupted, stopping');
    void emulator.stop().then(() => process.exit(130));
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    say(`AWS is emulated at ${emulator.url}`);
    await demonstrateSplit(emulator, say);
    await demonstrateRollout(emulator, say);
    demonstrateRehearsal(emulator, say);
  } finally {
    await emulator.stop();
    say('stopped');
  }
}

async function demonstrateSplit(emulator: Emulator, say: (line: string) => void): Promise<void> {
  say('cdk bootstrap');
  await bootstrap(emulator);
  say('cdk deploy: two versions of a digit classifier, v1 with weight 80 and v2 with weight 20');
  const { Digits: outputs } = await deploy(emulator, 'bin/example.ts');
  say(`sending ${rows.length} rows of test data, each from a caller of its own`);
  const client = new EndpointClient(emulator, outputs.ApiId);
  const replies = await inParallel(rows, CONCURRENCY, (row, index) =>
    client.invoke(JSON.stringify({ pixels: row.pixels }), { 'x-caller-id': `caller-${index}` }),
  );
  say('answers by version:');
  console.log(tableOf(replies));
  const again = await client.invoke(JSON.stringify({ pixels: rows[0].pixels }), { 'x-caller-id': 'caller-0' });
  say(`caller-0 asks again and meets ${again.variant}, as before: ${again.variant === replies[0].variant ? 'yes' : 'NO'}`);
  const failed = replies.filter((reply) => reply.status !== 200);
  if (failed.length > 0) {
    throw new Error(`${failed.length} requests failed, the first with ${failed[0].status}: ${failed[0].text.slice(0, 300)}`);
  }
}

function tableOf(replies: readonly Reply[]): string {
  const table = new Table({
    head: ['variant', 'requests', 'share', 'accuracy', 'p50', 'p99'],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
  });
  const variants = [...new Set(replies.map((reply) => reply.variant ?? 'none'))].sort();
  for (const variant of variants) {
    const own = replies.map((reply, index) => ({ reply, index })).filter(({ reply }) => (reply.variant ?? 'none') === variant);
    const right = own.filter(
      ({ reply, index }) => reply.status === 200 && (JSON.parse(reply.text) as { label: number }).label === rows[index].label,
    );
    const times = own.map(({ reply }) => reply.ms).sort((a, b) => a - b);
    const quantile = (q: number): string => `${times[Math.min(times.length - 1, Math.floor(q * times.length))].toFixed(0)} ms`;
    table.push([
      variant, own.length, percent(own.length / replies.length), percent(right.length / own.length), quantile(0.5), quantile(0.99),
    ]);
  }
  return table.toString();
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

main().catch((error: unknown) => {
  const told = error instanceof PrerequisiteError || error instanceof CdkError;
  console.error(told ? error.message : error);
  process.exitCode = 1;
});
