import { RehearsalError } from '../../../rehearsal/rehearsal-error';
import { CliError, Exit } from '../exit';

/** Whatever keeps a rehearsal from taking place is the user's to mend. */
export async function explained<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RehearsalError) {
      throw new CliError(
        error.code === 'NO_ROLLOUT' || error.code === 'NO_ASSEMBLY' ? Exit.NOT_FOUND : Exit.USAGE,
        error.code,
        error.message,
      );
    }
    throw error;
  }
}
