import { PlainMixture } from './mixture';

/**
 * Evidence that a candidate is not worse than the margin. Certified once it has ever reached 1/α_p, which is valid at any look
 * and makes the answer independent of when somebody looked.
 *
 * @see docs/how-it-decides.md 2.0b, 2.7
 */
export class Certification {
  private mixture: PlainMixture;
  private reached = false;

  /** @param threshold ln(1/α_p) */
  constructor(private readonly size: number, private readonly threshold: number) {
    this.mixture = new PlainMixture(size);
  }

  get certified(): boolean {
    return this.reached;
  }

  /** Ask for fresh evidence, as at the start of a step. */
  restart(): void {
    this.mixture = new PlainMixture(this.size);
    this.reached = false;
  }

  /** Not needed once certified: what it would cost is better spent elsewhere. */
  add(increments: Float64Array): void {
    this.mixture.add(increments);
    this.reached ||= this.mixture.logEvidence() >= this.threshold;
  }

  /** Log e-value, nats; where it stood when certified. */
  logEvidence(): number {
    return this.mixture.logEvidence();
  }
}
