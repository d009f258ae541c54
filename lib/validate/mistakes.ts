import type { IConstruct } from 'constructs';
import { failTogether, problemsOf } from './fail-together';

/**
 * What is wrong with a construct, collected while it is built, so that all of it is reported in one error. What is built meanwhile is of no
 * use once something is wrong: it is thrown away with the error.
 */
export class Mistakes {
  /** A set: two steps may notice the same. */
  private readonly problems = new Set<string>();

  constructor(private readonly scope: IConstruct) {}

  /** Whether anything is wrong so far. */
  public get any(): boolean {
    return this.problems.size > 0;
  }

  public add(...problems: readonly string[]): void {
    problems.forEach((problem) => this.problems.add(problem));
  }

  /**
   * What a step makes. Undefined where the step finds that something is wrong, which is then among all mistakes, or where it fails in
   * another way although something was wrong before: that may come of it.
   */
  public attempt<T>(step: () => T): T | undefined {
    try {
      return step();
    } catch (error) {
      const problems = problemsOf(error);
      if (problems === undefined && !this.any) {
        throw error;
      }
      this.add(...(problems ?? []));
      return undefined;
    }
  }

  /** Throw all mistakes; nothing happens without any. */
  public report(): void {
    failTogether([...this.problems], this.scope);
  }
}
