import { duration } from '../../../lib/core/text';

/** `5 %`, `0.1 %`; never rounds a share that is more than nothing to nothing. */
export function percent(value: number): string {
  return `${Number(value.toPrecision(value < 1 ? 2 : 4))} %`;
}

/** `40 s`, `2 min 40 s`, `3 h 5 min`; nothing below zero. */
export function seconds(value: number): string {
  const whole = Math.max(0, Math.round(value));
  const rest = whole % 60;
  return whole >= 120 && whole < 600 ? `${Math.floor(whole / 60)} min${rest === 0 ? '' : ` ${rest} s`}` : duration(whole);
}

/** The same in every time zone, as CloudWatch shows it by default. */
export function instant(iso: string): string {
  return iso.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}

/** Digests are told apart by their beginning. */
export function shortVersion(version: string): string {
  return version.length > 12 ? version.slice(0, 12) : version;
}
