/**
 * The line with which Lambda reports the end of an invocation, as text or as JSON; only of one that had to start an environment does it say
 * how long that took.
 */
const STARTED = /(?:Init|Restore) Duration: ([\d.]+) ms|"(?:initDurationMs|restoreDurationMs)"\s*:\s*([\d.]+)/;

/** Milliseconds that an execution environment took to start, by the end of an invocation's log; undefined if it was there already. */
export function startDuration(tail: string): number | undefined {
  const found = STARTED.exec(tail);
  return found === null ? undefined : Number(found[1] ?? found[2]);
}
