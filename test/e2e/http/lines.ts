import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A process that answers a line with a line, one after the other. */
export class LineProcess {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly waiting: ((line: string) => void)[] = [];
  private errors = '';

  constructor(
    command: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
    private readonly isAnswer: (line: string) => boolean = () => true,
  ) {
    this.child = spawn(command, args, { env });
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      if (this.isAnswer(line)) {
        this.waiting.shift()?.(line);
      }
    });
    this.child.stderr.on('data', (data: Buffer) => (this.errors += data));
    this.child.once('exit', () =>
      this.waiting
        .splice(0)
        .forEach((resolve) => resolve(JSON.stringify({ error: { errorType: 'Ended', errorMessage: this.errors.slice(-2_000) } }))),
    );
  }

  ask(line: string): Promise<string> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.child.stdin.write(`${line}\n`);
    });
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }
}
