/**
 * Walks a synthesized state machine in virtual time, so that a rollout of days runs in milliseconds. It knows what the controller's
 * machine uses and refuses everything else; the same definition also runs in a published interpreter, see test/control-plane.
 */

export interface Machine {
  readonly StartAt: string;
  readonly States: { readonly [name: string]: StateDefinition };
}

export interface StateDefinition {
  readonly Type: string;
  readonly Next?: string;
  readonly End?: boolean;
  readonly Resource?: unknown;
  readonly Parameters?: { readonly [name: string]: unknown };
  readonly OutputPath?: string;
  readonly ResultPath?: string;
  readonly Seconds?: number;
  readonly SecondsPath?: string;
  readonly Choices?: readonly { readonly Variable: string; readonly StringEquals: string; readonly Next: string }[];
  readonly Default?: string;
  readonly Retry?: readonly {
    readonly ErrorEquals: readonly string[];
    readonly IntervalSeconds?: number;
    readonly MaxAttempts?: number;
    readonly BackoffRate?: number;
    readonly MaxDelaySeconds?: number;
  }[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string; readonly ResultPath?: string }[];
}

export type Data = { [name: string]: unknown };
