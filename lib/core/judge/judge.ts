import { checkMeasurement, checkRequests } from './check-measurement';
import { checkPlan } from './check-plan';
import { combinedLogEvidence, strongest } from './combination';
import { createEvidence } from './create-evidence';
import type { Finding, GuardrailEvidence } from './guardrail-evidence';
import { LabelRatio } from './label-ratio';
import type { GuardrailJudgement, Judgement, JudgeReason, PeriodTally, SampleRatioJudgement, Standing, Verdict } from './judgement';
import type { CountsMeasurement, MeanMeasurement, Measurement, Period } from './period';
import { evidenceText } from './phrases';
import { actionOf, DEFAULTS, type GuardrailPlan, type JudgePlan, mustCertify } from './plan';
import { SampleRatioEvidence } from './sample-ratio';
import { isOnGrid, lengthAt } from './grid';
import { type Problem, timeline } from './timeline';
import { withLater } from '../later';
import { optional } from '../optional';
import { numberText, timeText } from '../text';

/**
 * The verdict on a rollout from all its periods, in whatever order and however often they were read. A pure function of its
 * arguments: recomputing it changes nothing, and a late revision of the metrics is picked up by simply passing it.
 *
 * `roll back` once combined evidence has reached 1/α at the end of any period (Ville's inequality allows to look at every one);
 * `invalid` when counts cannot be true or the split is not as configured; `advance-permitted` when every guardrail that must be
 * is certified, the step has baked, nothing is suspicious and all data are fresh; else `hold`. Bad data never permit an
 * advance; sound evidence of harm is acted on even among bad data.
 *
 * Throws {@link InvalidPlanError} for a plan that cannot be judged; never for data.
 *
 * @see docs/how-it-decides.md 2.7
 */
export function judge(plan: JudgePlan, periods: readonly Period[], standing: Standing): Judgement {
  const judgeOfPlan = new Judge(plan);
  const line = timeline(plan, periods, standing.closedUntil);
  line.periods.forEach((period) => judgeOfPlan.add(period));
  return judgeOfPlan.judgement(standing, line.problems);
}

interface Seat {
  readonly plan: GuardrailPlan;
  readonly evidence: GuardrailEvidence;
  /** Index of the last period it was measured in. */
  last: number;
  /** Whether its labels come alike for both versions, where it is about labels. */
  readonly labels?: LabelRatio;
  /** Start of the period at which it alone reached 1/α. */
  reachedAt?: number;
}

/**
 * The same period by period, for simulations and whoever keeps it in memory. Periods must come in order, closed and each once;
 * {@link judge} sees to that for the others.
 */
export class Judge {
  private readonly seats: readonly Seat[];
  /** Those of the seats whose evidence is combined. */
  private readonly combined: readonly Seat[];
  private readonly split: SampleRatioEvidence;
  private readonly splitSums = { candidate: 0, total: 0, expected: 0 };
  private readonly logThreshold: number;
  private readonly splitLogThreshold: number;
  private readonly problems: Problem[] = [];
  private lastIndex = -1;
  private lastWithTraffic = -1;
  private lastSplit = -1;
  private step: number | undefined;
  private withData = 0;
  private readonly withDataInStep = new Map<number, number>();
  private logEvidence = 0;
  private highest = 0;
  private crossing: { readonly at: number; readonly logEvidence: number; readonly name: string; readonly phrase: string } | undefined;
  private brokenAt: number | undefined;

  constructor(private readonly plan: JudgePlan) {
    checkPlan(plan);
    const settings = {
      plannedPeriods: plan.plannedPeriods,
      longestPeriods: plan.longestPeriods,
      clip: plan.clip,
      firstInvestment: plan.firstInvestment ?? DEFAULTS.firstInvestment,
      certificationThreshold: -Math.log(plan.certificationAlpha ?? DEFAULTS.certificationAlpha),
    };
    this.seats = plan.guardrails.map((guardrail) => ({
      plan: guardrail,
      evidence: createEvidence(guardrail, settings),
      labels: labelRatioOf(guardrail, plan),
      last: -1,
    }));
    this.combined = this.seats.filter((seat) => actionOf(seat.plan) === 'rollback');
    const sampleRatio = plan.sampleRatio ?? DEFAULTS.sampleRatio;
    this.split = new SampleRatioEvidence(sampleRatio.tolerance, sampleRatio.overdispersion);
    this.splitLogThreshold = -Math.log(sampleRatio.alpha);
    this.logThreshold = -Math.log(plan.alpha ?? DEFAULTS.alpha);
  }

  /** Start of the period after which the combined evidence reached 1/α; undefined while it has not. */
  get crossedAt(): number | undefined {
    return this.crossing?.at;
  }

  add(period: Period): void {
    const first = (period.start - this.plan.start) / this.plan.periodMs;
    if (!(isOnGrid(this.plan, first) && first > this.lastIndex)) {
      throw new RangeError(`period ${period.start} is not after the one before, on the grid of periods`);
    }
    const periods = lengthAt(this.plan, first);
    const index = first + periods - 1;
    this.lastIndex = index;
    if (period.step !== this.step) {
      this.step = period.step;
      if ((this.plan.certificationScope ?? DEFAULTS.certificationScope) === 'step') {
        this.seats.forEach((seat) => seat.evidence.beginStep());
      }
    }
    this.addRequests(period, index);
    if (first >= (this.plan.warmUpPeriods ?? DEFAULTS.warmUpPeriods)) {
      this.addMeasurements(period, index, periods);
    }
  }

  private verdictOn(invalid: readonly JudgeReason[], hold: readonly JudgeReason[]): Verdict {
    if (this.crossing !== undefined) {
      return 'roll back';
    }
    if (invalid.length > 0) {
      return 'invalid';
    }
    return hold.length > 0 ? 'hold' : 'advance-permitted';
  }

  /** The verdict on what has been added. `found` are problems that the reading of the periods has come across. */
  judgement(standing: Standing, found: readonly Problem[] = []): Judgement {
    const closed = Math.max(0, Math.floor((standing.closedUntil - this.plan.start) / this.plan.periodMs)) || 0;
    const problems = [...found, ...this.problems];
    const guardrails = this.seats.map((seat) => this.guardrailJudgement(seat, closed));
    const sampleRatio = this.sampleRatioJudgement();
    const periods = {
      closed,
      withData: this.withData,
      inStep: this.withDataInStep.get(standing.step) ?? 0,
      sinceLast: Math.max(0, closed - 1 - this.lastWithTraffic),
    };
    const attributedTo = this.crossing?.name ?? this.combined[strongest(this.weighted())]?.plan.name;
    const invalid = this.invalidReasons(problems, sampleRatio);
    const hold = this.holdReasons(guardrails, periods, standing, closed);
    const verdict = this.verdictOn(invalid, hold);
    const { logEvidence } = this;
    const judgement = {
      verdict,
      reasons: verdict === 'advance-permitted' ? [] : [...invalid, ...hold],
      logEvidence,
      highestLogEvidence: this.highest,
      logThreshold: this.logThreshold,
      ...(this.crossing === undefined ? {} : { crossedAt: this.crossing.at }),
      ...(attributedTo === undefined ? {} : { attributedTo }),
      guardrails,
      sampleRatio,
      problems,
      periods,
    };
    return withLater(judgement, { sentence: () => this.sentence(judgement, invalid, hold) });
  }

  private addRequests({ start, step, share, requests, expected }: Period, index: number): void {
    if (requests === undefined) {
      return;
    }
    const problem = checkRequests(requests);
    if (problem !== undefined) {
      this.problems.push({ at: start, text: `requests: ${problem}` });
      return;
    }
    const total = requests.candidate + requests.production;
    if (total > 0) {
      this.lastWithTraffic = index;
      this.withData++;
      this.withDataInStep.set(step, (this.withDataInStep.get(step) ?? 0) + 1);
    }
    if (share === undefined) {
      return;
    }
    if (!(share >= 0 && share <= 1)) {
      this.problems.push({ at: start, text: `the configured share is ${share}` });
      return;
    }
    this.lastSplit = index;
    this.splitSums.candidate += requests.candidate;
    this.splitSums.total += total;
    const { lower, upper } = expected ?? { lower: share, upper: share };
    this.splitSums.expected += Math.min(Math.max(requests.candidate, lower * total), upper * total);
    this.split.add(requests.candidate, requests.production, lower, upper);
    if (this.brokenAt === undefined && this.split.logEvidence() >= this.splitLogThreshold) {
      this.brokenAt = start;
    }
  }

  private addMeasurements(period: Period, index: number, periods: number): void {
    for (const seat of this.seats) {
      const measurement: Measurement | undefined = period.measurements[seat.plan.name];
      if (measurement === undefined) {
        continue;
      }
      const problem = checkMeasurement(seat.plan, measurement);
      if (problem !== undefined) {
        this.problems.push({ at: period.start, guardrail: seat.plan.name, text: problem });
        continue;
      }
      seat.last = index;
      seat.evidence.add(measurement, index, periods);
      if ((measurement.kind === 'counts' || measurement.kind === 'mean') && measurement.answers !== undefined) {
        seat.labels?.add(period.start, labelsOf(measurement), measurement.answers);
      }
      if (seat.reachedAt === undefined && actionOf(seat.plan) === 'hold' && aloneOf(seat) >= this.logThreshold) {
        seat.reachedAt = period.start;
      }
    }
    const parts = this.weighted();
    this.logEvidence = combinedLogEvidence(parts);
    this.highest = Math.max(this.highest, this.logEvidence);
    if (this.crossing === undefined && this.logEvidence >= this.logThreshold) {
      const { plan, evidence } = this.combined[strongest(parts)];
      const { phrase, deciding } = evidence.finding();
      this.crossing = {
        at: period.start,
        logEvidence: this.logEvidence,
        name: plan.name,
        phrase: `${deciding === undefined ? phrase : `${deciding.phrase}, since ${this.timeOf(deciding.since)}`}${allowedText(plan)}`,
      };
    }
  }

  private timeOf(period: number): string {
    return timeText(this.plan.start + period * this.plan.periodMs);
  }

  private weighted(): { logEvidence: number; share: number }[] {
    return this.combined.map((seat) => ({ logEvidence: evidenceOf(seat), share: seat.plan.share ?? 1 }));
  }

  private guardrailJudgement({ plan, evidence, last }: Seat, closed: number): GuardrailJudgement {
    const finding = evidence.finding();
    const logEvidence = evidence.logEvidence();
    const silent = this.isOverdue(plan, last, closed);
    const { certified } = evidence;
    const proof = (): string =>
      certified
        ? ', certified'
        : `, not certified (${evidenceText(finding.logCertification ?? 0)} of ${numberText(this.certificationNeeded())})`;
    const judged = {
      name: plan.name,
      action: actionOf(plan),
      logEvidence,
      ...(mustCertify(plan) ? { certified } : {}),
      ...(actionOf(plan) !== 'observe' && !certified && evidence.logEvidenceInStep() > Math.log(DEFAULTS.leaning)
        ? { looksWorse: true }
        : {}),
      silent,
    };
    return withLater(
      Object.defineProperties(judged, Object.getOwnPropertyDescriptors(finding)) as Finding & typeof judged,
      {
        sentence: () =>
          `${finding.phrase}, evidence ${evidenceText(logEvidence)}${mustCertify(plan) ? proof() : ''}${silent ? ', no recent data' : ''}`,
      },
    );
  }

  private sampleRatioJudgement(): SampleRatioJudgement {
    const { candidate, total, expected } = this.splitSums;
    return {
      logEvidence: this.split.logEvidence(),
      logThreshold: this.splitLogThreshold,
      ...(this.brokenAt === undefined ? {} : { brokenAt: this.brokenAt }),
      ...(total > 0 ? { observed: candidate / total, configured: expected / total } : {}),
    };
  }

  private invalidReasons(
    problems: readonly Problem[],
    { brokenAt, observed, configured, logEvidence }: SampleRatioJudgement,
  ): JudgeReason[] {
    const observing = new Set(this.seats.filter((seat) => actionOf(seat.plan) === 'observe').map((seat) => seat.plan.name));
    const reasons: JudgeReason[] = problems
      .filter(({ guardrail }) => guardrail === undefined || !observing.has(guardrail))
      .map(({ at, guardrail, text }) => ({
        kind: 'data',
        ...optional('guardrail', guardrail),
        text: `${guardrail === undefined ? '' : `${guardrail}: `}${text} (${timeText(at)})`,
      }));
    for (const { plan, labels } of this.seats) {
      const problem = labels?.problem();
      if (problem?.invalid === true) {
        reasons.push({ kind: 'split', guardrail: plan.name, text: `${plan.name}: ${problem.text}` });
      }
    }
    if (brokenAt !== undefined) {
      const percent = (share: number | undefined): string => `${numberText(100 * (share ?? 0))}%`;
      reasons.push({
        kind: 'split',
        text: `the candidate received ${percent(observed)} of the requests instead of ${percent(configured)}, evidence `
          + `${evidenceText(logEvidence)} (first found ${timeText(brokenAt)})`,
      });
    }
    return reasons;
  }

  private holdReasons(guardrails: readonly GuardrailJudgement[], periods: PeriodTally, standing: Standing, closed: number): JudgeReason[] {
    const reasons: JudgeReason[] = [];
    const suspicion = Math.log(this.plan.suspicion ?? DEFAULTS.suspicion);
    const minimum = this.plan.minimumPeriods ?? DEFAULTS.minimumPeriods;
    if (this.isSilent(this.lastWithTraffic, closed)) {
      reasons.push({ kind: 'no-traffic', text: `no traffic read for ${periods.sinceLast} periods` });
    } else if (this.isSilent(this.lastSplit, closed)) {
      reasons.push({ kind: 'split-unchecked', text: 'the split of the requests could not be checked' });
    }
    guardrails.forEach(({ name, silent, action }, i) => {
      if (silent && action !== 'observe') {
        const { last, plan } = this.seats[i];
        const what = last < 0 && isLate(plan) ? 'no data yet' : `no data for ${numberText(this.silentPeriods(plan))} periods or more`;
        reasons.push({ kind: 'silent', guardrail: name, text: `${name}: ${what}` });
      }
    });
    if (this.logEvidence > suspicion) {
      reasons.push({ kind: 'suspicious', text: `suspicious: combined evidence ${evidenceText(this.logEvidence)}` });
    }
    this.seats.forEach(({ plan, reachedAt, labels }, i) => {
      const problem = labels?.problem();
      if (problem?.invalid === false) {
        reasons.push({ kind: 'suspicious', guardrail: plan.name, text: `suspicious: ${plan.name}: ${problem.text}` });
      }
      if (reachedAt !== undefined) {
        reasons.push({ kind: 'held', guardrail: plan.name, text: `${guardrails[i].sentence} (held since ${timeText(reachedAt)})` });
      } else if (actionOf(plan) === 'hold' && Math.log(plan.share ?? 1) + guardrails[i].logEvidence > suspicion) {
        const text = (): string => `suspicious: ${guardrails[i].sentence}`;
        reasons.push(withLater({ kind: 'suspicious' as const, guardrail: plan.name }, { text }));
      }
    });
    if (this.step !== standing.step) {
      reasons.push({ kind: 'other-step', text: 'the latest period that has been read is not of this step' });
    }
    if (periods.inStep < minimum) {
      reasons.push({ kind: 'baking', text: `baked ${periods.inStep} of ${minimum} periods` });
    }
    for (const guardrail of guardrails) {
      const { name, action, certified } = guardrail;
      if (action !== 'observe' && certified === false) {
        reasons.push(withLater({ kind: 'uncertified' as const, guardrail: name }, { text: () => guardrail.sentence }));
      }
    }
    return reasons;
  }

  private sentence(
    { verdict, guardrails, logEvidence }: Pick<Judgement, 'verdict' | 'guardrails' | 'logEvidence'>,
    invalid: readonly JudgeReason[],
    hold: readonly JudgeReason[],
  ): string {
    const more = (reasons: readonly JudgeReason[]): string =>
      reasons[0].text + (reasons.length > 1 ? ` (and ${reasons.length - 1} more)` : '');
    switch (verdict) {
      case 'roll back': {
        const { logEvidence: crossed, phrase, at } = this.crossing!;
        return `${phrase}; evidence ${evidenceText(crossed)} > ${numberText(Math.exp(this.logThreshold))} at ${timeText(at)}`;
      }
      case 'invalid':
        return `analysis invalid: ${more(invalid)}`;
      case 'hold':
        return more(hold);
      case 'advance-permitted':
        return (
          `${guardrails
            .filter(({ action }) => action !== 'observe')
            .map(({ phrase }) => phrase)
            .join('; ')}; ` + `combined evidence ${evidenceText(logEvidence)}`
        );
    }
  }

  private certificationNeeded(): number {
    return 1 / (this.plan.certificationAlpha ?? DEFAULTS.certificationAlpha);
  }

  private isSilent(last: number, closed: number, silentPeriods = this.plan.silentPeriods ?? DEFAULTS.silentPeriods): boolean {
    const length = lengthAt(this.plan, Math.max(0, closed - 1));
    return closed - 1 - last >= Math.max(silentPeriods, length > 1 ? DEFAULTS.silentPeriods * length : 0);
  }

  /**
   * Whether a guardrail's measurements have stopped. Nothing is expected of one that is late before its first, but nothing is known either.
   */
  private isOverdue(plan: GuardrailPlan, last: number, closed: number): boolean {
    return (last < 0 && isLate(plan)) || this.isSilent(last, closed - (plan.delayPeriods ?? 0), this.silentPeriods(plan));
  }

  private silentPeriods(plan: GuardrailPlan): number {
    return plan.silentPeriods ?? this.plan.silentPeriods ?? DEFAULTS.silentPeriods;
  }
}

/** What counts of a guardrail that holds alone: where it has two parts, each has its share. */
function aloneOf(seat: Seat): number {
  return Math.log(seat.plan.share ?? 1) + evidenceOf(seat);
}

/** What labels say that may have selected themselves is no evidence of harm. Less than there is of it is always valid. */
function evidenceOf({ evidence, labels }: Pick<Seat, 'evidence' | 'labels'>): number {
  return labels === undefined || labels.isSound ? evidence.logEvidence() : Math.min(0, evidence.logEvidence());
}

function labelsOf(measurement: CountsMeasurement | MeanMeasurement): { readonly candidate: number; readonly production: number } {
  return measurement.kind === 'counts'
    ? { candidate: measurement.candidate.total, production: measurement.production.total }
    : { candidate: measurement.candidate.count, production: measurement.production.count };
}

function labelRatioOf(guardrail: GuardrailPlan, { suspicion = DEFAULTS.suspicion }: JudgePlan): LabelRatio | undefined {
  return (guardrail.kind === 'counts' || guardrail.kind === 'mean') && guardrail.labelRatio !== undefined
    && actionOf(guardrail) !== 'observe'
    ? new LabelRatio(guardrail.labelRatio, suspicion, guardrail.overdispersion ?? 1)
    : undefined;
}

function isLate({ delayPeriods = 0, silentPeriods }: GuardrailPlan): boolean {
  return delayPeriods > 0 || silentPeriods !== undefined;
}

/** What an engineer compares the numbers with. */
function allowedText(plan: GuardrailPlan): string {
  if (plan.kind !== 'counts' && plan.kind !== 'segments') {
    return '';
  }
  const { ratio, tolerance } = plan.allowed ?? DEFAULTS.allowed;
  return `; allowed are ${numberText(ratio)} times${tolerance > 0 ? ` and ${numberText(100 * tolerance)} % more` : ''}`;
}
