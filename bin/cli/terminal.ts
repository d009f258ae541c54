/** Where the command writes, and what it knows of the place. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Output goes to a person's screen, which may be redrawn. */
  readonly interactive: boolean;
  readonly colors: boolean;
  columns(): number;
  rows(): number;
}

export function processTerminal(): Terminal {
  const { stdout, stderr } = process;
  // A reader that has seen enough (`| head`) is no failure.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') {
      throw error;
    }
    process.exit();
  });
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    interactive: stdout.isTTY === true,
    colors: stdout.isTTY === true && stdout.hasColors(),
    // Some pseudo-terminals say 0.
    columns: () => stdout.columns || 80,
    rows: () => stdout.rows || 24,
  };
}
