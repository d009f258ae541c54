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
import type { Figure } from './figures/figure';

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
