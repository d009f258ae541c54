/** Exit codes, for scripts: public, as `--help` prints them. */
export enum Exit {
  OK = 0,
  NOT_PROMOTED = 1,
  USAGE = 2,
  NOT_FOUND = 3,
  DENIED = 4,
  FAILED = 5,
  RUNNING = 6,
  UNMET = 7,
}

export const EXIT_HELP = `
Exit codes:
  0  done; with status --watch or --exit-code: promoted, or there was no rollout
  1  status --watch or --exit-code: a rollout was rolled back, or another took its place
  2  the command was misused: unknown option, no region, an alias that may mean several
  3  there is no such stack, alias, rollout, shadow, evidence or rejected version, or nothing to compare
  4  no credentials, or no permission
  5  anything else: a conflict, throttling, no connection, records that cannot be read
  6  status --exit-code: a rollout is still running
  7  rehearse: a scenario did not come out as expected; evidence --verify: something does not hold`;

/** A failure that is explained by one sentence; nobody needs its stack trace. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    readonly exit: Exit,
    /** For scripts: stable, in capitals. */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
