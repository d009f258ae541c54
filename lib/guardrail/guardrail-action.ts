/** What a guardrail does when it stands against the candidate. */
export enum GuardrailAction {
  /** Back to production: within seconds of the alarm, and once more by the controller. */
  ROLLBACK = 'ROLLBACK',
  /** The rollout does not advance for as long as the guardrail stands against it. */
  HOLD = 'HOLD',
  /** Recorded with every decision, without consequence. */
  OBSERVE = 'OBSERVE',
}
