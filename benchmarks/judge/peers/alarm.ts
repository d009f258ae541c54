import { AlarmWindow } from '../../../rehearsal/peers/alarm-window';
import type { Rule } from '../simulation/rules';

/** CloudWatch's alarm: error rate of the candidate above a threshold in M of the last N minutes. */
export function alarmRule(threshold: number, m: number, n: number): Rule {
  const window = new AlarmWindow(m, n);
  return {
    add: ({ candidateBad, candidateTotal }) => window.add(candidateTotal > 0 && candidateBad / candidateTotal > threshold),
  };
}
