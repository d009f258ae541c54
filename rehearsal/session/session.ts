import type { FoundRollout } from '../assembly/found-rollout';
import { rehearse } from '../engine/rehearse';
import type { Run } from '../engine/run';
import { concernsPeers, peersOf } from '../peers/peers';
import { curveRates, detectionCurve } from '../report/detection-curve';
import type { RehearsedRollout } from '../report/document';
import type { Figures } from '../report/html';
import { blindSpot } from '../results/blind-spots';
import { rolloutCost } from '../results/cost';
import { type PeerComparison, type PeerSummary, summarizePeer } from '../results/peer-summary';
import { againstBase, type Summary, summarize } from '../results/summary';
import { USUAL } from '../../lib/core/rehearsal/built-in';
import type { Scenario } from '../../lib/core/rehearsal/scenario';
import type { Rehearsers } from './workers';

/** How a rollout is rehearsed. */
export interface Course {
  readonly scenarios: readonly Scenario[];
  readonly runs: number;
  readonly seed: number;
  /** Nobody said what traffic there is. */
  readonly assumed: boolean;
}

/** What is rehearsed together. */
export interface Session {
  readonly rollouts: readonly {
    readonly rollout: FoundRollout;
    readonly course: Course;
    /** The same rollout before the change. */
    readonly base?: FoundRollout;
  }[];
  /** There is a `--base`: a rollout without one is new. */
  readonly compared: boolean;
  /** Also under models of other systems' rules. */
  readonly peers: boolean;
  /** What plots need is rehearsed too. */
  readonly plots: boolean;
}

/** Hears how far a session has come. */
export interface Progress {
  /** What begins. */
  readonly at: (what: string) => void;
  /** Rehearsals that have ended since it was last called. */
  readonly done: (runs: number) => void;
}

export interface Rehearsed {
  readonly rehearsed: readonly RehearsedRollout[];
  readonly figures: readonly Figures[];
}

/** Rehearsals of one seed are numbered from it on, so that those of two share none. */
const SEEDS = 1_000_003;

/** Rehearsals of which progress hears. */
export function sizeOf({ rollouts, compared, plots }: Session): number {
  return rollouts.reduce(
    (sum, { course: { scenarios, runs } }) =>
      sum + runs * (scenarios.length * (compared ? 2 : 1) + (plots ? curveRates(scenarios[0]).length : 0)),
    0,
  );
}

/** Rehearse every rollout of a session. Where the rehearsers are stopped, what is done by then is there. */
export async function hold(session: Session, rehearsers: Rehearsers, progress: Progress): Promise<Rehearsed> {
  const rehearsed: RehearsedRollout[] = [];
  const figures: Figures[] = [];
  for (const { rollout, course, base } of session.rollouts) {
    const { runs, seed, assumed } = course;
    const now = await summarized(rehearsers, rollout, course, progress);
    const before = base && (await summarized(rehearsers, base, course, progress));
    const summaries = now.map((summary) => againstBase(summary, before?.find(({ scenario }) => scenario === summary.scenario)));
    const scenarios = course.scenarios.filter(({ name }) => summaries.some(({ scenario }) => scenario === name));
    const peers = session.peers ? await comparedWithPeers(rehearsers, rollout, { ...course, scenarios }, progress) : [];
    if (session.plots) {
      progress.at('detection curve');
      const series = { runs, firstSeed: seed * SEEDS };
      figures.push({
        curve: await detectionCurve(usualOf(course.scenarios), (scenario) => rehearsers.rehearse(rollout, scenario, series, progress.done)),
        examples: await examples(rollout, scenarios, series.firstSeed),
      });
    }
    rehearsed.push({
      stack: rollout.stack,
      alias: rollout.alias,
      runs,
      seed,
      assumed,
      stages: rollout.plan.stages,
      notSimulated: rollout.notSimulated,
      scenarios: summaries,
      ...(before === undefined ? {} : { base: before }),
      ...(session.compared && before === undefined ? { isNew: true } : {}),
      ...(peers.length === 0 ? {} : { peers }),
    });
  }
  return { rehearsed, figures };
}

/** Whether it is the same rollout, before a change and after. */
export function isSame(one: FoundRollout, other: FoundRollout): boolean {
  return one.stack === other.stack && one.alias === other.alias;
}

/** Every scenario of one rollout; what an interruption leaves out is not there. */
async function summarized(
  rehearsers: Rehearsers,
  rollout: FoundRollout,
  { scenarios, runs, seed }: Course,
  progress: Progress,
): Promise<Summary[]> {
  const summaries: Summary[] = [];
  for (const scenario of scenarios) {
    progress.at(scenario.name);
    const results = await rehearsers.rehearse(rollout, scenario, { runs, firstSeed: seed * SEEDS }, progress.done);
    if (results.length > 0) {
      summaries.push(
        summarize(scenario, results, { blind: blindSpot(rollout.plan, scenario), cost: rolloutCost(results, scenario, rollout.capacity) }),
      );
    }
  }
  return summaries;
}

/** The same traffic under other systems' rules; scenarios of which an interruption left something out are not there. */
async function comparedWithPeers(
  rehearsers: Rehearsers,
  rollout: FoundRollout,
  { scenarios, runs, seed }: Course,
  progress: Progress,
): Promise<PeerComparison[]> {
  const comparisons: PeerComparison[] = [];
  for (const scenario of scenarios.filter(concernsPeers)) {
    const peers: PeerSummary[] = [];
    for (const peer of peersOf(rollout, scenario)) {
      progress.at(`${scenario.name}, ${peer.name}`);
      const results = await rehearsers.rehearse(rollout, scenario, { runs, firstSeed: seed * SEEDS }, () => {}, peer.name);
      if (results.length > 0) {
        peers.push(summarizePeer(peer, scenario, results));
      }
    }
    if (peers.length === peersOf(rollout, scenario).length) {
      comparisons.push({ scenario: scenario.name, peers });
    }
  }
  return comparisons;
}

/** The first rehearsal of each scenario once more, with what plots need. */
async function examples(rollout: FoundRollout, scenarios: readonly Scenario[], seed: number): Promise<{ [scenario: string]: Run }> {
  const runs: [string, Run][] = [];
  for (const scenario of scenarios) {
    runs.push([scenario.name, await rehearse(rollout, scenario, { seed, trace: true })]);
  }
  return Object.fromEntries(runs);
}

/** The scenario whose traffic and production the others share, with nothing out of the ordinary. */
function usualOf([first]: readonly Scenario[]): Scenario {
  const { traffic, production } = first;
  return { ...USUAL, traffic: { ...traffic, spikes: [] }, production, candidate: { ...production, onsetMinute: 0 } };
}
