import { clusteringFigures } from './figures/clustering';
import { driftFigures } from './figures/drift';
import { errorRateFigures } from './figures/error-rate';
import { latencyFigures } from './figures/latency';
import { meanFigures } from './figures/mean';
import { pairFigures } from './figures/pairs';
import { peerFigures } from './figures/peers';
import { rampFigures } from './figures/ramp';
import { sampleRatioFigures } from './figures/sample-ratio';
import { wholeFigures } from './figures/whole';
import { worldFigures } from './figures/worlds';

/** One line of the table of "Acceptance numbers we should demand". */
export interface Figure {
  readonly section: string;
  readonly name: string;
  readonly demanded: string;
  /** Simulated rollouts in a full run. */
  readonly runs: number;
  readonly measure: (runs: number) => Measured | Promise<Measured>;
}

/** What came out. */
export interface Measured {
  readonly text: string;
  /** Whether the demand is met; undefined where the line only informs. */
  readonly met?: boolean;
}

/** All lines of the table, in its order. */
export const FIGURES: readonly Figure[] = [
  ...errorRateFigures,
  ...clusteringFigures,
  ...latencyFigures,
  ...meanFigures,
  ...sampleRatioFigures,
  ...driftFigures,
  ...pairFigures,
  ...rampFigures,
  ...wholeFigures,
  ...worldFigures,
  ...peerFigures,
];

/** The lines that demand something. */
export function demands(): Figure[] {
  return FIGURES.filter(({ demanded }) => demanded !== '' && demanded !== '(informs)');
}

/** Rollouts for a quick look: a tenth for detections, which end early; a fortieth for false alarms, which last a day each. */
export function quickRuns({ demanded, runs }: Figure): number {
  return Math.max(20, Math.round(runs * (/min|excess/.test(demanded) ? 0.1 : 0.025)));
}
