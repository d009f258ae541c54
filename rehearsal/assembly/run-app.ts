import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RehearsalError } from '../rehearsal-error';

const LINES_OF_ERROR = 15;

/**
 * Run a CDK app as `cdk synth` does, with the assembly in a folder of its own. What the app looks up must be in `cdk.context.json`.
 * Returns the folder, which the caller removes.
 */
export function runApp(command: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'model-rollout-'));
  const { status, signal, stderr, stdout, error } = spawnSync(command, {
    shell: true, encoding: 'utf8', maxBuffer: 64 << 20,
    env: { ...process.env, CDK_OUTDIR: folder, CDK_CONTEXT_JSON: JSON.stringify(context()) },
  });
  if (error !== undefined || status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    const said = `${stderr ?? ''}`.trim() || `${stdout ?? ''}`.trim();
    const how = error?.message ?? (signal === null ? `it ended with code ${status}` : `it was ended by ${signal}`);
    const last = said === '' ? '' : `\n${said.split('\n').slice(-LINES_OF_ERROR).join('\n')}`;
    throw new RehearsalError('APP_FAILED', `the app ${JSON.stringify(command)} could not be synthesized: ${how}${last}`);
  }
  return folder;
}

/** What `cdk` would hand to the app. Assets need not be bundled: only templates are read. */
function context(): object {
  const settings = readIfThere('cdk.json') as { context?: object };
  return { ...settings.context, ...readIfThere('cdk.context.json'), 'aws:cdk:bundling-stacks': [] };
}

/** The app that `cdk.json` names. */
export function appOfSettings(): string | undefined {
  return (readIfThere('cdk.json') as { app?: string }).app;
}

function readIfThere(path: string): object {
  try {
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as object) : {};
  } catch (error) {
    throw new RehearsalError('APP_FAILED', `${path} is not valid JSON: ${(error as Error).message}`);
  }
}
