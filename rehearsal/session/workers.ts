import { parentPort, Worker } from 'node:worker_threads';
import type { FoundRollout } from '../assembly/found-rollout';
import { rehearse } from '../engine/rehearse';
import type { Run } from '../engine/run';
import { periodMsOf } from '../engine/simulation';
import { peersOf } from '../peers/peers';
import { rehearsePeer } from '../peers/rehearse-peer';
import type { Scenario } from '../../lib/core/rehearsal/scenario';

/** Rehearsals that one worker does in a row. */
interface Order {
  readonly rollout: FoundRollout;
  readonly scenario: Scenario;
  readonly seeds: readonly number[];
  /** Name of a peer whose rules take the place of the plan's. */
  readonly peer?: string;
}

/** Small enough that progress is seen, large enough that messages do not count. */
const SEEDS_PER_ORDER = 10;
/** Rehearsals leave much behind; a thread that clears it away early takes a third of the memory and no more time. */
const YOUNG_MB = 16;

/** What a thread does that is started to rehearse. */
export function serveRehearsals(): void {
  const port = parentPort!;
  port.on('message', (order: Order) => {
    void carryOut(order).then((runs) => port.postMessage(runs));
  });
}

async function carryOut({ rollout, scenario, seeds, peer: name }: Order): Promise<Run[]> {
  const runs: Run[] = [];
  const peer = name === undefined ? undefined : peersOf(rollout, scenario).find((each) => each.name === name)!;
  for (const seed of seeds) {
    runs.push(peer === undefined ? await rehearse(rollout, scenario, { seed }) : rehearsePeer(peer, scenario, seed, periodMsOf(rollout)));
  }
  return runs;
}

/** How many rehearsals of a scenario, and the seed of the first; the others have those that follow. */
export interface RunSeries {
  readonly runs: number;
  readonly firstSeed: number;
}

/** Rehearses on threads of `file`, or in this one where there is none. */
export class Rehearsers {
  private readonly workers: Worker[];
  private stopped = false;

  constructor(file: string | undefined, threads: number) {
    this.workers =
      file === undefined
        ? []
        : Array.from(
            { length: threads },
            () => new Worker(file, { workerData: 'rehearsal', resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } }),
          );
  }

  /** Runs in the order of their seeds, whoever did them. */
  async rehearse(
    rollout: FoundRollout,
    scenario: Scenario,
    { runs, firstSeed }: RunSeries,
    done: (runs: number) => void,
    peer?: string,
  ): Promise<Run[]> {
    const results: Run[][] = [];
    let next = 0;
    const work = async (ask: (order: Order) => Promise<Run[]>): Promise<void> => {
      while (next * SEEDS_PER_ORDER < runs && !this.stopped) {
        const index = next++;
        const first = index * SEEDS_PER_ORDER;
        const seeds = Array.from({ length: Math.min(SEEDS_PER_ORDER, runs - first) }, (_, i) => firstSeed + first + i);
        results[index] = await ask({ rollout, scenario, seeds, ...(peer === undefined ? {} : { peer }) });
        done(seeds.length);
      }
    };
    await (this.workers.length === 0
      ? work(carryOut)
      : Promise.all(this.workers.map((worker) => work((order) => askWorker(worker, order)))));
    return results.flat();
  }

  /** Begin nothing more; what is under way comes to its end. */
  stop(): void {
    this.stopped = true;
  }

  async end(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}

function askWorker(worker: Worker, order: Order): Promise<Run[]> {
  return new Promise((resolve, reject) => {
    const answered = (runs: Run[]): void => {
      worker.off('error', failed);
      resolve(runs);
    };
    const failed = (error: Error): void => {
      worker.off('message', answered);
      reject(error);
    };
    worker.once('message', answered);
    worker.once('error', failed);
    worker.postMessage(order);
  });
}
