/** Something that keeps a rehearsal from taking place, explained by its message alone. */
export class RehearsalError extends Error {
  override readonly name = 'RehearsalError';

  constructor(
    /** For scripts: stable, in capitals. */
    readonly code: 'APP_FAILED' | 'NO_ASSEMBLY' | 'NO_ROLLOUT' | 'UNREADABLE_ROLLOUT' | 'BAD_SCENARIO' | 'BAD_OPTION',
    message: string,
  ) {
    super(message);
  }
}
