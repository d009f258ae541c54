import { duration } from '../text';
import type { Verdict } from './decision';
import type { Judged, Reason } from './reasons';

/** Where a decision was made: who has the candidate, in words. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

/** The one place that says a decision in words: in CloudFormation's error, events, records and on the command line. */
export function sentenceOf(verdict: Verdict, reasons: readonly Reason[], { from, to }: Move): string {
  const why = because(reasons);
  switch (verdict) {
    case 'roll back':
      return `rolled back: ${why}`;
    case 'hold':
    case 'invalid':
      return `holding at ${from}: ${why}`;
    case 'advance':
      return `advancing from ${from} to ${to}: ${why}`;
    case 'promote':
      return `promoted: ${why}`;
  }
}

/** What a rollout that holds waits for. */
export function because(reasons: readonly Reason[]): string {
  return reasons.map(wordsOf).join('; ');
}

function wordsOf(reason: Reason): string {
  switch (reason.kind) {
    case 'aborted':
      return `aborted by ${reason.by}: ${reason.because}`;
    case 'controller-failed':
      return reason.leaseEnds
        ? `the controller failed, and the candidate's share ends with its lease: ${reason.error}`
        : `the controller failed: ${reason.error}`;
    case 'guardrail':
      return `guardrail ${reason.name}: ${reason.detail}`;
    case 'tests-failed':
      return reason.problem ?? 'the candidate failed its tests before traffic';
    case 'cohort-failed':
      return `the candidate failed ${reason.failures} of ${reason.requests} requests of the cohort, more than ${share(reason.maxPercent)}`;
    case 'evidence':
      return `${beforeTraffic(reason.judged.of)}${reason.judged.text}`;
    case 'replay-failed':
      return `the recorded requests cannot be replayed: ${reason.problem}`;
    case 'gate':
      return `${reason.name}: ${reason.detail}`;
    case 'never-ready':
      return `the candidate was not ready within ${duration(reason.seconds)}: ${reason.problem ?? 'it could not be asked'}`;
    case 'no-window':
      return (
        `no time window before the deadline of ${duration(reason.deadlineSeconds)} is open for long enough: the last step begins `
          + `${duration(reason.lastStepAfterSeconds)} after the first; ` +
        'deploy it while a window is open'
      );
    case 'foreseen':
      return reason.problems.join('; ');
    case 'too-little-traffic':
      return (
        `there is too little traffic: production's busiest hour of the last day had ${Number(reason.requestsPerSecond.toPrecision(2))} `
          + `requests a second, at which ${reason.needed} requests at ` +
        `${share(reason.firstPercent)} take ${duration(reason.firstSeconds)} and all steps ${duration(reason.seconds)}, but the `
          + `deadline is ${duration(reason.deadlineSeconds)}; ` +
        'have recorded requests replayed before traffic (replay), lower minRequests, begin with a larger share, raise the '
          + 'deadline, or choose InsufficientTrafficAction.ADVANCE'
      );
    case 'deadline':
      return (
        `the deadline of ${duration(reason.deadlineSeconds)} passed at ${share(reason.percent)}: ` +
        `${reason.missing === undefined ? 'the last stage ended too late' : wordsOf(reason.missing)} ` +
        `(all steps take ${duration(reason.plannedSeconds)} by themselves)`
      );
    case 'uncertified':
      return `${beforeTraffic(reason.judged.of)}not certified ${duration(reason.afterSeconds)} after the bake time: ${reason.judged.text}`
        + (reason.worse === undefined ? '' : `; ${reason.worse} looks worse than production's in the last stage, so`)
        + (reason.waits ? `${reason.worse === undefined ? ';' : ''} it waits for more evidence, or for somebody to promote it` : '');
    case 'uncertified-replay':
      return (
        `${beforeTraffic('replay')}${reason.judged === undefined ? 'nothing is known of the replay' : 'not certified by all '
          + `${reason.requests} recorded requests: ${reason.judged.text}`}` +
        (reason.waits ? '; it waits for somebody to promote it' : '')
      );
    case 'not-ready':
      return reason.problem ?? 'the candidate has not been asked yet';
    case 'paused':
      return `paused by ${reason.by}${inBrackets(reason.because)}`;
    case 'evidence-unknown':
      return reason.of === 'shadow'
        ? `nothing is known of the shadow yet${inBrackets(reason.problem)}`
        : `the evidence is not known: ${reason.problem ?? 'it was not read'}`;
    case 'baking':
      return baking(reason);
    case 'requests-unknown':
      return 'the number of requests is not known';
    case 'impossible-counts':
      return `the counts contradict each other: ${reason.failures} failures of ${reason.requests} requests`;
    case 'too-few-requests':
      return `the candidate had ${reason.requests} requests in this stage, ${reason.needed} are needed`;
    case 'replaying':
      return (
        (reason.total === undefined
          ? 'recorded requests are to be replayed first'
          : `replayed ${reason.done} of ${reason.total} recorded requests`) + (reason.problem === undefined ? '' : `; ${reason.problem}`)
      );
    case 'not-shadowed':
      return 'the candidate has not been asked as a shadow yet';
    case 'approval':
      return `waiting for approval of ${share(reason.percent)}`;
    case 'outside-windows':
      return 'outside the time windows in which the rollout may advance';
    case 'window-closes':
      return `the time window closes before the last step could begin, ${duration(reason.lastStepAfterSeconds)} after the first`;
    case 'calendar':
      return reason.state === 'closed' ? 'a change calendar is closed' : 'the state of a change calendar is not known';
    case 'ready':
      return ['the candidate is ready', ...reason.notes].join('; ');
    case 'answered':
      return `the candidate answered ${reason.requests - reason.failures} of ${reason.requests} requests${reason.cohort === true ? ' of '
        + 'the cohort' : ''}${reason.last ? ' in the last '
        + 'stage and no guardrail stood against it' : ''}`;
    case 'proof':
      return reason.judged.text;
    case 'noticed':
      return reason.detail;
    case 'promotion-asked':
      return `${reason.by} asked for it${inBrackets(reason.because)}`;
    case 'superseded':
      return 'superseded: a deployment has changed the alias, which is no longer under this rollout';
  }
}

/** How much of its bake time a stage has behind it, and what stops the clock: a share that is fresh, or that is gone. */
function baking({ of, seconds, ofSeconds, stopped, settlingSeconds }: Extract<Reason, { kind: 'baking' }>): string {
  const baked = `${of === 'shadow' ? 'shadowed' : 'baked'} for ${duration(seconds)} of ${duration(ofSeconds)}`;
  switch (stopped) {
    case 'lease':
      return `${baked}; the candidate has no share, because its lease ran out`;
    case 'settling':
      return `${baked}; a fresh share settles for ${duration(settlingSeconds)} before it counts`;
    default:
      return baked;
  }
}

function beforeTraffic(of: Judged): string {
  return of === 'traffic' ? '' : 'before any traffic, ';
}

function inBrackets(reason: string | undefined): string {
  return reason === undefined ? '' : ` (${reason})`;
}

function share(percent: number): string {
  return `${Number(percent.toFixed(6))} %`;
}
