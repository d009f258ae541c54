/** `90 s`, `15 min`, `2 h 30 min`. */
export function duration(seconds: number): string {
  if (seconds < 120) {
    return `${seconds} s`;
  }
  const minutes = Math.round(seconds / 60);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours === 0) {
    return `${minutes} min`;
  }
  if (rest === 0) {
    return `${hours} h`;
  }
  return `${hours} h ${rest} min`;
}

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

/** "2026-11-24 21:50 UTC" */
export function timeText(epochMs: number): string {
  return Number.isFinite(epochMs) && Math.abs(epochMs) <= 8.64e15
    ? `${new Date(epochMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`
    : String(epochMs);
}

/** Without exponents for whatever a person may have to read. */
function plain(value: number): string {
  const text = String(value);
  return /e-/.test(text) ? value.toFixed(12).replace(/0+$/, '') : text;
}
