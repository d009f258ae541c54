import { writeFileSync } from 'node:fs';
import { CliError, Exit } from '../exit';

/** Write a file that an option names; nothing where it is not given. Where it cannot be written, the option is the user's to mend. */
export function writeOptionFile(path: string | undefined, content: () => string): void {
  if (path === undefined) {
    return;
  }
  try {
    writeFileSync(path, content());
  } catch (error) {
    throw new CliError(Exit.USAGE, 'BAD_OPTION', `${path} cannot be written: ${(error as Error).message}`);
  }
}
