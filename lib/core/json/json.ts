/**
 * JSON without loss. JSON's numbers have any number of digits, JavaScript's have 53 bits: ids of 64 bits would become their neighbours.
 * An integer that a number would write otherwise is read as a bigint, and a number beyond all bounds (1e400) as the text that it was.
 */
export function parseJson(text: string): unknown {
  // Looking at every value takes several times as long, so it is done only where a text may have such a number.
  return MAY_LOSE.test(text) ? JSON.parse(text, exactly as Parameters<typeof JSON.parse>[1]) : JSON.parse(text);
}

/** The text of a value that `parseJson` read, with all digits. */
export function stringifyJson(value: unknown): string {
  try {
    // Most documents have no bigint, and looking at every value takes twice the time.
    return JSON.stringify(value);
  } catch {
    return JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? RAW.rawJSON(String(member)) : member));
  }
}

/** Whether a value is a number that is kept as a text; it has no members. */
export function isRawNumber(value: unknown): boolean {
  return RAW.isRawJSON(value);
}

/** Sixteen digits of an integer, or an exponent of three. */
const MAY_LOSE = /(?<![\d.])\d{16}|\d[eE]\+?\d{3}/;
const INTEGER = /^-?\d+$/;
/** A longer integer is no id, and costs time to convert. */
const MOST_DIGITS = 300;

/** What the language has, and its types do not know yet. */
const RAW = JSON as unknown as { rawJSON(text: string): unknown; isRawJSON(value: unknown): boolean };

function exactly(_name: string, value: unknown, context: { readonly source?: string }): unknown {
  const { source } = context;
  if (typeof value !== 'number' || source === undefined) {
    return value;
  }
  if (INTEGER.test(source)) {
    if (String(value) === source || source === '-0') {
      return value;
    }
    if (source.length <= MOST_DIGITS) {
      return BigInt(source);
    }
    return RAW.rawJSON(source);
  }
  return Number.isFinite(value) ? value : RAW.rawJSON(source);
}
