import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { rows } from '../examples/digits/data';
import { callUntil } from './emulator/call-until';
import { CdkError, deploy } from './emulator/cdk';
import { EndpointClient, type Reply } from './emulator/client';
import { EmfBridge } from './emulator/emf-bridge';
import { clientConfig, type Emulator } from './emulator/emulator';

const APP = 'bin/example-rollout.ts';
const PACE = ['-c', 'pace=seconds'];

/** A good model deployed, and a bad one that a rollout rolls back while callers keep calling. */
export async function demonstrateRollout(emulator: Emulator, say: (line: string) => void): Promise<void> {
  say('cdk deploy: v2 alone, behind a canary rollout that decides by evidence');
  const { DigitsRollout: outputs } = await deploy(emulator, APP, {}, { args: PACE });
  // The emulator takes no metrics from logs, so they are carried.
  const bridge = new EmfBridge(clientConfig(emulator));
  bridge.start();
  try {
    const client = new EndpointClient(emulator, outputs.ApiId);
    // What a rollout compares with is production's own record.
    await underLoad(client, sleep(20_000));
    say('cdk deploy: a model that fails on a quarter of its inputs, with callers all the while');
    const { replies, result } = await underLoad(client, deploy(emulator, APP, {}, { args: [...PACE, '-c', 'defect=failing'] }));
    say(
      `the deployment ${result.status === 'rejected' ? 'failed, as it should. model-rollout history says:' : 'SUCCEEDED, which it '
        + 'should not'}`,
    );
    console.log(commandLine(emulator, 'history', '--stack', 'DigitsRollout', '--limit', '6'));
    const failed = replies.filter(({ status }) => status !== 200).length;
    const candidate = replies.filter(({ variant }) => variant === 'candidate').length;
    say(`${replies.length} requests meanwhile, ${candidate} of them answered by the candidate; ${failed} failed`);
    if (result.status === 'rejected' && !(result.reason instanceof CdkError)) {
      throw result.reason;
    }
  } finally {
    await bridge.stop();
  }
}

/** Requests of two callers at a time until `until` settles. */
function underLoad<T>(client: EndpointClient, until: Promise<T>): Promise<{ replies: Reply[]; result: PromiseSettledResult<T> }> {
  return callUntil(until, { callers: 2 }, (index) =>
    client.invoke(JSON.stringify({ pixels: rows[index % rows.length].pixels }), { 'x-caller-id': `caller-${index}` }),
  );
}

/** The same rollout with the models and accidents that its stack names, in virtual time; and a page with plots. */
export function demonstrateRehearsal(emulator: Emulator, say: (line: string) => void): void {
  const page = join('.cache', 'rehearsal.html');
  say('model-rollout rehearse: the rollout of the example as it would go on AWS, and whether it keeps what the example requires of it');
  console.log(commandLine(emulator, 'rehearse', '--app', `npx tsx ${APP}`, '--html', page));
  say(`plots of it are in ${page}`);
}

function commandLine(emulator: Emulator, ...args: string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, [join(__dirname, '..', 'assets', 'cli', 'index.mjs'), ...args], {
    env: emulator.env,
    encoding: 'utf8',
  });
  return `${stdout}${stderr}`.trimEnd();
}
