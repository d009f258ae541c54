import { FIGURES } from '../../../benchmarks/judge/figures';

/**
 * A part of the rollouts behind every demand of the acceptance table, at fixed seeds; `npm run simulate:acceptance` runs them
 * all. A tenth for detections, which end early; a fortieth for false alarms, which last a day each.
 */
const scaleOf = (demanded: string): number => (demanded.includes('min') || demanded.includes('excess') ? 0.1 : 0.025);

const demands = FIGURES.filter(({ demanded }) => demanded !== '' && demanded !== '(informs)');

describe('acceptance', () => {
  test.each(demands.map((figure) => [`${figure.section}: ${figure.name}, ${figure.demanded}`, figure] as const))('%s', (_, { demanded, runs, measure }) => {
    const measured = measure(Math.max(20, Math.round(runs * scaleOf(demanded))));
    // The text goes with the failure.
    expect(measured).toEqual({ ...measured, met: true });
  });
});
