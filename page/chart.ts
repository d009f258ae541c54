/** What a chart shows. Data only: the browser draws it, in the colours of the page. */
export interface Chart {
  readonly title: string;
  /** What is counted, and its unit. */
  readonly about: string;
  readonly x: XAxis;
  readonly y: YAxis;
  readonly lines: readonly Line[];
  /** Moments, as vertical lines. */
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
  /** Levels, as horizontal lines. */
  readonly levels?: readonly { readonly y: number; readonly label: string }[];
}

/** Time of day, epoch seconds; minutes from a start; or shares of requests, 0 to 1, by their logarithm. */
export interface XAxis {
  readonly kind: 'time' | 'minutes' | 'rate';
  readonly from: number;
  readonly until: number;
  readonly label?: string;
  /** Where values were computed, if they are not to be chosen. */
  readonly ticks?: readonly number[];
}

/** Plain numbers, from zero where none is below it, or natural logarithms of evidence that is shown as "100 to 1". */
export interface YAxis {
  readonly kind: 'number' | 'evidence';
  readonly unit: string;
  /** The highest value at least. */
  readonly atLeast?: number;
}

/** A colour of the page: who it is about. */
export type Role = 'candidate' | 'production' | 'limit' | 'other';

export interface Line {
  readonly label: string;
  readonly role: Role;
  readonly points: readonly Point[];
  /** Each value holds until the next, and the area below is filled. */
  readonly steps?: boolean;
  /** Beside a main line of the same role. */
  readonly dashed?: boolean;
}

/** A value, or that there is none; with its interval where it has one. */
export interface Point {
  readonly x: number;
  readonly y: number | null;
  readonly low?: number;
  readonly high?: number;
}
