import type { Terminal } from '../terminal';
import { instant } from './format';
import { clean } from './line';

/** What a watch shows while it goes on: a picture drawn again and again, in a log a line for every change. */
export class Screen {
  private started = false;
  private readonly gists = new Map<string, string>();

  constructor(private readonly terminal: Terminal, private readonly silent: boolean) {}

  /** An entry is shown where its gist is another than before. */
  show(picture: string, entries: readonly { readonly key: string; readonly gist: string; readonly line: string }[], at: string): void {
    if (this.silent) {
      return;
    }
    if (this.terminal.interactive) {
      const lines = picture.split('\n').slice(0, this.terminal.rows() - 2);
      this.terminal.out(`${this.started ? '' : '\u001b[2J'}\u001b[H${lines.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`);
      this.started = true;
      return;
    }
    for (const { key, gist, line } of entries.filter((entry) => this.gists.get(entry.key) !== entry.gist)) {
      this.gists.set(key, gist);
      this.terminal.out(`${instant(at)}  ${line}\n`);
    }
  }

  /** Something that will pass. */
  note(message: string): void {
    if (!this.silent) {
      this.terminal.err(`${clean(message)}\n`);
    }
  }

  /** Make place for the last picture. */
  end(): void {
    if (!this.silent && this.terminal.interactive) {
      this.terminal.out('\u001b[2J\u001b[H');
    } else if (!this.silent) {
      this.terminal.out('\n');
    }
  }
}
