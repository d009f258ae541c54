import { callerBias, type CallerBias, type CallerCounts, type SidesOfCell } from '../judge/caller-bias';
import { DEFAULTS, type OutcomePlan } from '../judge/plan';
import { type CallerTraffic, callerTraffic } from '../judge/caller-traffic';
import { VariantName } from '../names';
import { CALLER_CELLS, partsOfCell } from '../routing/assign-by-cell';
import type { CallersBaseline } from './baseline';
import { normalQuantile } from '../judge/special-functions';
import { CALLERS_PART } from './judge-rollout';
import type { Stage } from './plan';
import { sharedStages } from './stages';
import type { RolloutState } from './state';

/** What callers of one outcome did before, by block of time and cell. */
export interface CallerHistory {
  readonly form: NonNullable<OutcomePlan['form']>;
  readonly blocks: readonly (readonly CallerCounts[])[];
}

type Callers = Pick<RolloutState, 'alias' | 'plan' | 'candidate'>;

/** Who of a cell is on which side at a share. */
type Sides = (state: Callers, share: number, cell: number) => SidesOfCell;

/** Requests of a minute by cell. */
export interface CellMinute {
  /** The hour that it is in. */
  readonly block: number;
  readonly requests: readonly number[];
}

/** What is assumed of callers nobody knows anything of. */
export const ASSUMED: CallerBias = { ratio: { lower: 1 / 3, upper: 3 }, excess: { lower: -0.02, upper: 0.02 } };

/** Fewer blocks say nothing of how callers vary. */
const LEAST_BLOCKS = 3;

/**
 * What the callers of the candidate bring along at each stage, by guardrail. The chance that a limit is passed is shared by all of them, so
 * that the promise of `falseRollbackRate` holds with that of the evidence together.
 *
 * @param failures by which a control is compared with production
 */
export function callersBaseline(
  state: Callers, histories: ReadonlyMap<string, readonly CallerHistory[]>, minutes: readonly CellMinute[] = [], failures?: CallerHistory,
): CallersBaseline {
  const { plan: { stages, judgement, control } } = state;
  const outcomes = [...histories.values()].reduce((sum, { length }) => sum + length, 0);
  const deviations = normalQuantile(1 - (judgement?.alpha ?? DEFAULTS.alpha) * CALLERS_PART / Math.max(1, outcomes * stages.length));
  const bias: { [guardrail: string]: CallerBias[][] } = {};
  const assumed: string[] = [];
  const learn = (guardrail: string, history: readonly CallerHistory[], sidesOf: Sides): void => {
    const known = sharesOf(stages).map((share) => history.map(({ form, blocks }) =>
      (blocks.length < LEAST_BLOCKS ? undefined : callerBias(blocks, (cell) => sidesOf(state, share, cell), form, deviations))));
    if (known.some((stage) => stage.some((each) => each === undefined))) {
      assumed.push(guardrail);
    }
    bias[guardrail] = known.map((stage) => stage.map((each) => each ?? ASSUMED));
  };
  histories.forEach((history, guardrail) => learn(guardrail, history, candidateSides));
  if (control !== undefined && failures !== undefined) {
    learn(VariantName.CONTROL, [failures], controlSides);
  }
  const traffic = trafficOf(state, minutes);
  return { bias, assumed, ...(traffic === undefined ? {} : { traffic }) };
}

/** Shares by stage; nothing is compared while the cohort alone has the candidate, and the first share stands in its place. */
function sharesOf(stages: readonly Stage[]): readonly number[] {
  const first = sharedStages(stages)[0];
  return stages.map((stage) => (stage.cohort === undefined ? stage : first).percent / 100);
}

/** The candidate's callers, and those of the version that it is compared with. */
const candidateSides: Sides = ({ alias, plan, candidate: { version } }, share, cell) => {
  const { candidate, control } = partsOfCell(alias, version, share, cell);
  return { mine: candidate, others: plan.control === undefined ? 1 - candidate : control };
};

/** Those of a control, and those that are left to production. */
const controlSides: Sides = ({ alias, candidate: { version } }, share, cell) => {
  const { candidate, control } = partsOfCell(alias, version, share, cell);
  return { mine: control, others: Math.max(0, 1 - candidate - control) };
};

function trafficOf(state: Callers, minutes: readonly CellMinute[]): readonly CallerTraffic[] | undefined {
  const { plan: { stages, judgement } } = state;
  const deviations = normalQuantile(1 - (judgement?.sampleRatio?.alpha ?? 1) / (2 * stages.length));
  const sums = Array.from({ length: CALLER_CELLS }, (_, cell) => minutes.reduce((sum, { requests }) => sum + requests[cell], 0));
  const known = sharesOf(stages).map((share) => {
    const sides = sums.map((_, cell) => candidateSides(state, share, cell));
    const of = (requests: readonly number[], side: keyof SidesOfCell): number =>
      requests.reduce((sum, each, cell) => sum + sides[cell][side] * each, 0);
    const cut = (side: keyof SidesOfCell): number =>
      sums.reduce((variance, sum, cell) => variance + sides[cell][side] * (1 - sides[cell][side]) * sum ** 2, 0) /
      Math.max(1, of(sums, side)) ** 2;
    return callerTraffic(
      minutes.map(({ block, requests }) => ({ block, mine: of(requests, 'mine'), others: of(requests, 'others') })),
      deviations,
      cut('mine') + cut('others'),
    );
  });
  return known.every((each) => each !== undefined) ? known : undefined;
}
