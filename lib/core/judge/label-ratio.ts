import { numberText, timeText } from '../text';
import { evidenceText } from './phrases';
import type { LabelRatioPlan } from './plan';
import { SampleRatioEvidence } from './sample-ratio';

/**
 * Whether the versions' answers get labels alike: given how many answers each had, the candidate's part of the labels is that of its
 * answers. Labels that select themselves compare nothing. A candidate that is wrong twice as often and told of half as often looks as good
 * as production, and one whose callers tell more looks worse than it is. So while there is a suspicion of that, what the labels say neither
 * rolls back nor certifies; once there is evidence of it, the analysis is invalid.
 *
 * @see docs/how-it-decides.md 2.4a
 */
export class LabelRatio {
  private readonly split: SampleRatioEvidence;
  private readonly logThreshold: number;
  private labels = { candidate: 0, total: 0 };
  /** The candidate's labels, had they come alike. */
  private expected = 0;
  private brokenAt: number | undefined;

  constructor(
    { tolerance, alpha }: LabelRatioPlan,
    private readonly suspicion: number,
    overdispersion: number,
  ) {
    this.split = new SampleRatioEvidence(tolerance, overdispersion);
    this.logThreshold = -Math.log(alpha);
  }

  /** Add a period: labels of both versions, and the answers of that time that could have got one. */
  add(
    at: number,
    labels: { readonly candidate: number; readonly production: number },
    answers: { readonly candidate: number; readonly production: number },
  ): void {
    const share = answers.candidate / (answers.candidate + answers.production);
    if (!(share > 0 && share < 1)) {
      return;
    }
    const total = labels.candidate + labels.production;
    this.labels = { candidate: this.labels.candidate + labels.candidate, total: this.labels.total + total };
    this.expected += share * total;
    this.split.add(labels.candidate, labels.production, share);
    if (this.brokenAt === undefined && this.split.logEvidence() >= this.logThreshold) {
      this.brokenAt = at;
    }
  }

  /** What the labels say counts. */
  get isSound(): boolean {
    return this.brokenAt === undefined && this.split.logEvidence() <= Math.log(this.suspicion);
  }

  /** Why the analysis is invalid, or what is suspected; undefined where nothing is. */
  problem(): { readonly invalid: boolean; readonly text: string } | undefined {
    if (this.isSound) {
      return undefined;
    }
    const {
      labels: { candidate, total },
      expected,
      brokenAt,
    } = this;
    const percent = (labels: number): string => `${numberText((100 * labels) / total)}%`;
    const text = `the candidate's answers got ${percent(candidate)} of the labels instead of ${percent(expected)}, evidence `
      + `${evidenceText(this.split.logEvidence())}`;
    return { invalid: brokenAt !== undefined, text: brokenAt === undefined ? text : `${text} (first found ${timeText(brokenAt)})` };
  }
}
