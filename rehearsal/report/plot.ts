import { escape } from './junit';

export interface Line {
  readonly label: string;
  /** A class of the page's style. */
  readonly className: string;
  readonly points: readonly (readonly [number, number])[];
  /** Holds each value until the next. */
  readonly steps?: boolean;
  /** Low and high at the same places. */
  readonly band?: readonly (readonly [number, number])[];
}

export interface Plot {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly lines: readonly Line[];
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly logarithmic?: boolean;
  readonly format?: (x: number) => string;
  /** Places that the curve was computed at; otherwise they are chosen. */
  readonly xTicks?: readonly number[];
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
}

const [WIDTH, HEIGHT] = [460, 220];
const [LEFT, RIGHT, TOP, BOTTOM] = [52, 14, 14, 40];

/** A plot as SVG whose colours come from the page. */
export function svg(plot: Plot): string {
  const scale = (value: number): number => (plot.logarithmic === true ? Math.log(value) : value);
  const [x0, x1] = plot.x.map(scale);
  const [y0, y1] = plot.y;
  const x = (value: number): number => LEFT + ((scale(value) - x0) / (x1 - x0 || 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number => HEIGHT - BOTTOM - ((value - y0) / (y1 - y0 || 1)) * (HEIGHT - TOP - BOTTOM);
  const format = plot.format ?? String;
  const at = (value: number): string => value.toFixed(1);
  const parts = [
    ...ticks(y0, y1).map(
      (tick) =>
        `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(tick))}" y2="${at(y(tick))}"/><text class="y" `
          + `x="${LEFT - 6}" y="${at(y(tick) + 4)}">${tick}</text>`,
    ),
    ...(plot.xTicks ?? ticks(plot.x[0], plot.x[1])).map(
      (tick) => `<text class="x" x="${at(x(tick))}" y="${HEIGHT - BOTTOM + 16}">${escape(format(tick))}</text>`,
    ),
    `<text class="x" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 4}">${escape(plot.xLabel)}</text>`,
    ...(plot.marks ?? []).map(
      ({ x: place, label }) =>
        `<line class="mark" x1="${at(x(place))}" x2="${at(x(place))}" y1="${TOP}" `
          + `y2="${HEIGHT - BOTTOM}"><title>${escape(label)}</title></line>`,
    ),
    ...plot.lines.map(({ points, className, steps, label, band }) => {
      const path = points
        .map(([px, py], index) => {
          if (index === 0) {
            return `M${at(x(px))} ${at(y(py))}`;
          }
          if (steps === true) {
            return `H${at(x(px))}V${at(y(py))}`;
          }
          return `L${at(x(px))} ${at(y(py))}`;
        })
        .join('');
      const area =
        band === undefined
          ? ''
          : `<path class="band ${className}" d="${[
              ...points.map(([px], index) => `${index === 0 ? 'M' : 'L'}${at(x(px))} ${at(y(band[index][1]))}`),
              ...points.map(([px], index) => `L${at(x(px))} ${at(y(band[index][0]))}`).reverse(),
            ].join('')}Z"/>`;
      return `${area}<path class="line ${className}" d="${path}"><title>${escape(label)}</title></path>`;
    }),
  ];
  const legend = plot.lines.map(({ label, className }) => `<span class="${className}">${escape(label)}</span>`).join(' ');
  return `<figure><figcaption><b>${escape(plot.title)}</b>, ${escape(plot.yLabel)} <span class="legend">${legend}</span></figcaption>`
    + `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(plot.title)}">${parts.join('')}</svg></figure>`;
}

/** Four to eight round numbers over a range. */
function ticks(low: number, high: number): number[] {
  const raw = (high - low) / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw)!;
  return Array.from({ length: Math.floor((high - low) / step + 1e-9) + 1 }, (_, index) =>
    Number((Math.ceil(low / step) * step + index * step).toPrecision(6)),
  ).filter((tick) => tick <= high);
}
