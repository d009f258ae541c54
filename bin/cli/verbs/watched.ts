import { Exit } from '../exit';
import type { RolloutStatus, StatusDocument } from '../documents/status-document';

/** The rollouts that ran when a watch began: it ends with them, whatever begins in the meantime. */
export class Watched {
  private readonly running = new Map<string, string>();
  private readonly results: RolloutStatus['status'][] = [];
  private readonly first: Exit;

  constructor(document: StatusDocument) {
    this.first = Watched.exitOf(document);
    for (const { alias, rollout } of document.aliases) {
      if (rollout?.status === 'running') {
        this.running.set(alias, rollout.id);
      }
    }
  }

  /** How rollouts stand by their last outcome. */
  static exitOf({ aliases }: StatusDocument): Exit {
    const all = aliases.flatMap(({ rollout }) => (rollout === undefined ? [] : [rollout.status]));
    return all.includes('running') ? Exit.RUNNING : exitOfResults(all);
  }

  look({ aliases }: StatusDocument): void {
    for (const { alias, rollout, problems } of aliases) {
      const id = this.running.get(alias);
      // A record that cannot be read says nothing about an end.
      if (id === undefined || problems.length > 0 || (rollout?.id === id && rollout.status === 'running')) {
        continue;
      }
      this.running.delete(alias);
      this.results.push(rollout?.id === id ? rollout.status : 'superseded');
    }
  }

  /** Whether everything that is waited for could be read. */
  sees({ aliases }: StatusDocument): boolean {
    return aliases.every(({ alias, problems }) => !this.running.has(alias) || problems.length === 0);
  }

  get over(): boolean {
    return this.running.size === 0;
  }

  get exit(): Exit {
    return this.results.length === 0 ? this.first : exitOfResults(this.results);
  }
}

function exitOfResults(results: readonly RolloutStatus['status'][]): Exit {
  return results.every((result) => result === 'promoted') ? Exit.OK : Exit.NOT_PROMOTED;
}
