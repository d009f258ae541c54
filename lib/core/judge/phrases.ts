import type { RatioInterval } from './ratio-interval';

// Plain ASCII throughout: these texts become CloudFormation's error messages, which garble anything else.

/** 41 as "41", 1320 as "1,320", 0.0314 as "0.031". */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) {
    return String(value);
  }
  const rounded = Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(2));
  const [whole, fraction] = plain(rounded).split('.');
  return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (fraction === undefined ? '' : `.${fraction}`);
}

/** Counts keep their digits: 1,320. */
export function countText(value: number): string {
  return Number.isSafeInteger(value) ? String(value).replace(/\B(?=(\d{3})+$)/g, ',') : numberText(value);
}

/** An e-value from its logarithm: "412", "over a million", "below 0.01". */
export function evidenceText(logEvidence: number): string {
  if (logEvidence >= Math.log(1e6)) {
    return 'over a million';
  }
  return logEvidence < Math.log(0.01) ? 'below 0.01' : numberText(Math.exp(logEvidence));
}

/** "3.1x production [2.2, 4.4]" */
export function ratioText({ estimate, lower, upper }: RatioInterval): string {
  const times = estimate === undefined ? 'without a ratio to production yet' : `${factorText(estimate)}x production`;
  return `${times} [${factorText(lower)}, ${upper === undefined ? 'unlimited' : factorText(upper)}]`;
}

/** "2026-11-24 21:50 UTC" */
export function timeText(epochMs: number): string {
  return Number.isFinite(epochMs) && Math.abs(epochMs) <= 8.64e15 ? `${new Date(epochMs).toISOString().slice(0, 16).replace('T', ' ')} UTC` : String(epochMs);
}

/** 1 as "1.0": a factor always shows how precise it is meant to be. */
function factorText(value: number): string {
  return value >= 0.01 && value < 10 ? value.toPrecision(2) : numberText(value);
}

/** Without exponents for whatever a person may have to read. */
function plain(value: number): string {
  const text = String(value);
  return /e-/.test(text) ? value.toFixed(12).replace(/0+$/, '') : text;
}
