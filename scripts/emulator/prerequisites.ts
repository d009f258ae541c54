import { spawnSync } from 'node:child_process';

/** Something that the machine lacks; the message says what to do, no stack trace helps. */
export class PrerequisiteError extends Error {
  override readonly name = 'PrerequisiteError';
}

/** The command of a Python that is new enough and can make virtual environments. */
export function findPython(): string {
  const seen: string[] = [];
  for (const command of ['python3', 'python']) {
    const version = spawnSync(command, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], { encoding: 'utf8' });
    if (version.status !== 0) {
      continue;
    }
    const [major, minor] = version.stdout.trim().split('.').map(Number);
    seen.push(`${command} ${version.stdout.trim()}`);
    if (major !== 3 || minor < 10) {
      continue;
    }
    if (spawnSync(command, ['-c', 'import venv, ensurepip']).status !== 0) {
      throw new PrerequisiteError(`${command} has no venv module: install it (on Debian and Ubuntu: apt-get install python3-venv)`);
    }
    return command;
  }
  throw new PrerequisiteError(
    `Python 3.10 or later is needed, found ${seen.length > 0 ? seen.join(', ') : 'none'}: install it and try again`,
  );
}

/** Fails unless this is a Node that Lambda's own is like. */
export function checkNode(): void {
  if (Number(process.versions.node.split('.')[0]) < 22) {
    throw new PrerequisiteError(
      `Node 22 or later is needed, this is ${process.version}: run it with npm, whose scripts use the package's own Node`,
    );
  }
}
