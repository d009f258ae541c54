import { classify } from '../../../rehearsal/peers/kayenta-judge';
import type { Rule } from '../simulation/rules';

/** Kayenta with production as baseline, looking every ten minutes at the error rates (in percent) of all minutes so far. */
export function kayentaRule(): Rule {
  const experiment: number[] = [];
  const control: number[] = [];
  let minutes = 0;
  return {
    add({ candidateBad, candidateTotal, productionBad, productionTotal }) {
      if (candidateTotal > 0 && productionTotal > 0) {
        experiment.push(100 * candidateBad / candidateTotal);
        control.push(100 * productionBad / productionTotal);
      }
      return ++minutes % 10 === 0 && classify(experiment, control, 'increase') === 'High';
    },
  };
}
