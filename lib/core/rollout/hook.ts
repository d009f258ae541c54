import type { GateReading } from './evidence';
import type { HookPoint } from './plan';

/** What a hook is told. */
export interface HookEvent {
  readonly point: HookPoint;
  readonly alias: string;
  readonly rolloutId: string;
  readonly productionVersion: string;
  readonly candidateVersion: string;
  /** Share of the candidate now, and after this point, percent. */
  readonly percent: number;
  readonly nextPercent: number;
}

const VERDICTS: ReadonlySet<unknown> = new Set(['pass', 'wait', 'fail']);

/** Read a hook's answer, `{ "verdict": "pass" | "wait" | "fail", "reason"? }`. Anything else is no permission. */
export function readHookAnswer(name: string, text: string): GateReading {
  const answer = readObject(text);
  if (!VERDICTS.has(answer.verdict)) {
    return { name, verdict: 'wait', reason: 'it answered with no verdict "pass", "wait" or "fail"' };
  }
  return {
    name,
    verdict: answer.verdict as GateReading['verdict'],
    reason: typeof answer.reason === 'string' ? answer.reason.slice(0, 500) : 'no reason given',
  };
}

function readObject(text: string): { readonly verdict?: unknown; readonly reason?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? value : {};
  } catch {
    return {};
  }
}
