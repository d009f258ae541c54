import uPlot from 'uplot';
import type { Chart, Line, Point, Role } from '../chart';

/** A chart that is on the page. */
export interface Drawn {
  /** Show the same chart with what has come since. */
  update(chart: Chart): void;
  destroy(): void;
}

const FONT = '12px system-ui, sans-serif';

/** Draw a chart into its figure, see `figure()`. */
export function draw(figure: HTMLElement, chart: Chart): Drawn {
  const place = figure.querySelector<HTMLElement>('.plot')!;
  const outputs = [...figure.querySelectorAll<HTMLOutputElement>('[data-line] output')];
  let shown = chart;
  const plot = new uPlot(optionsOf(place, () => shown, outputs), dataOf(chart), place);
  const sizes = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: place.clientHeight }));
  sizes.observe(place);
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  const redraw = (): void => plot.redraw(false, true);
  scheme.addEventListener('change', redraw);
  return {
    update: (next) => {
      shown = next;
      plot.setData(dataOf(next));
    },
    destroy: () => {
      sizes.disconnect();
      scheme.removeEventListener('change', redraw);
      plot.destroy();
    },
  };
}

function optionsOf(place: HTMLElement, chart: () => Chart, outputs: readonly HTMLOutputElement[]): uPlot.Options {
  const { x, y, lines } = chart();
  const rate = x.kind === 'rate';
  return {
    width: place.clientWidth,
    height: place.clientHeight,
    // Half of the last label of time lies beyond the plot.
    padding: [14, 30, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 7 }, sync: { key: x.kind } },
    scales: {
      x: {
        time: x.kind === 'time',
        distr: rate ? 3 : 1,
        range: () => [chart().x.from, Math.max(chart().x.until, chart().x.from + (rate ? 0 : 1))],
      },
      y: { range: (_, __, most) => rangeOf(chart(), most) },
    },
    axes: [
      {
        stroke: () => color('--soft'), grid: { show: false }, ticks: { show: false }, font: FONT, size: x.label === undefined ? 30 : 26,
        label: x.label, labelFont: FONT, labelSize: 22, labelGap: 0, space: 60,
        ...(rate ? { splits: () => [...x.ticks ?? []], filter: (_, splits) => splits } : {}),
        ...(x.kind === 'time'
          ? { values: (_, splits, __, ___, step) => splits.map((second) => clock(second, step)) }
          : { values: (_, splits) => splits.map((value) => (rate ? percent(value) : minutes(value))) }),
      },
      {
        stroke: () => color('--soft'),
        grid: { stroke: () => color('--line'), width: 1 },
        ticks: { show: false },
        font: FONT,
        size: (_, values) => Math.max(56, ...(values ?? []).map((value) => 16 + 6.6 * String(value).length)),
        gap: 6,
        ...(y.kind === 'evidence'
          ? { splits: (_, __, low, high) => oddsSplits(low, high), values: (_, splits) => splits.map(odds) }
          : { values: (_, splits) => splits.map((value) => `${value.toLocaleString('en-US')}${y.unit === '' ? '' : ` ${y.unit}`}`) }),
      },
    ],
    series: [{}, ...lines.flatMap(seriesOf)],
    bands: lines.map((_, index) => ({
      series: [3 * index + 2, 3 * index + 3] as [number, number], fill: () => faded(lines[index].role, 0.18),
    })),
    hooks: {
      draw: [(plot) => annotate(plot, chart())],
      setCursor: [({ cursor: { idx }, data }) => lines.forEach((_, index) => {
        const value = idx === null || idx === undefined ? undefined : data[3 * index + 1][idx];
        outputs[index].textContent = typeof value === 'number' ? valueText(chart(), value) : '';
      })],
    },
  };
}

/** A line, and the ends of its interval, which only bound a band. */
function seriesOf({ label, role, steps, dashed }: Line): uPlot.Series[] {
  const stroke = (): string => color(`--${role}`);
  const edge: uPlot.Series = { label: '', stroke: 'transparent', width: 0, points: { show: false } };
  return [
    {
      label, stroke, width: dashed === true ? 1.25 : 2, spanGaps: false,
      ...(dashed === true ? { dash: [5, 4] } : {}),
      ...(role === 'limit' ? { dash: [5, 4] } : {}),
      ...(steps === true ? { paths: uPlot.paths.stepped!({ align: 1 }), fill: () => faded(role, 0.14) } : {}),
      points: { show: (plot, index) => isLonely(plot, index), size: 5, fill: stroke },
    },
    edge,
    edge,
  ];
}

/** A single value has no line to be seen by. */
function isLonely(plot: uPlot, series: number): boolean {
  return (plot.data[series] as (number | null | undefined)[]).filter((value) => typeof value === 'number').length === 1;
}

/** Every line's values at every place where any line has one; where only another has, the line goes on. */
function dataOf({ lines }: Chart): uPlot.AlignedData {
  const places = [...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const columns = lines.flatMap(({ points, steps }) => {
    const known = new Map<number, Point>(points.map((point) => [point.x, point]));
    const column = (of: (point: Point) => number | null | undefined): (number | null | undefined)[] => {
      let last: number | null | undefined;
      return places.map((place) => {
        const point = known.get(place);
        const value = point === undefined ? undefined : of(point) ?? null;
        last = value ?? last;
        return point === undefined && steps === true ? last : value;
      });
    };
    return [column(({ y }) => y), column(({ high }) => high), column(({ low }) => low)];
  });
  return [places, ...columns] as uPlot.AlignedData;
}

function rangeOf({ y, levels = [], lines }: Chart, most: number | null): [number, number] {
  // Intervals may be wide where little is known; they must not flatten what is.
  const values = lines.flatMap(({ points }) => points.flatMap((point) => (point.y === null ? [] : [point.y])));
  const highest = Math.max(...values, ...levels.map((level) => level.y), y.atLeast ?? 0);
  if (y.kind === 'evidence') {
    return [Math.min(-1, ...values), 1.12 * Math.max(highest, 1)];
  }
  if (y.atLeast === 100) {
    return [0, 100];
  }
  return [Math.min(0, ...values), 1.08 * Math.min(Math.max(most ?? 0, highest), Math.max(2.5 * highest, y.atLeast ?? 0)) || 1];
}

function annotate(plot: uPlot, { marks = [], levels = [] }: Chart): void {
  const { ctx, bbox: { left, top, width, height } } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = `${12 * ratio}px system-ui, sans-serif`;
  ctx.lineWidth = ratio;
  ctx.setLineDash([4 * ratio, 4 * ratio]);
  for (const { y, label } of levels) {
    const at = plot.valToPos(y, 'y', true);
    line(ctx, [left, at], [left + width, at], color('--bad'));
    ctx.fillStyle = color('--bad');
    ctx.textAlign = 'right';
    ctx.fillText(label, left + width - 4 * ratio, at + 14 * ratio);
  }
  for (const { x, label } of marks) {
    const at = plot.valToPos(x, 'x', true);
    if (at >= left && at <= left + width) {
      line(ctx, [at, top], [at, top + height], color('--bad'));
      ctx.fillStyle = color('--bad');
      const right = at < left + width / 2;
      ctx.textAlign = right ? 'left' : 'right';
      ctx.fillText(label, at + (right ? 5 : -5) * ratio, top + 10 * ratio);
    }
  }
  ctx.restore();
}

function line(ctx: CanvasRenderingContext2D, from: [number, number], to: [number, number], stroke: string): void {
  ctx.strokeStyle = stroke;
  ctx.beginPath();
  ctx.moveTo(...from);
  ctx.lineTo(...to);
  ctx.stroke();
}

function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Colours of the page are written as six digits. */
function faded(role: Role, opacity: number): string {
  return `${color(`--${role}`)}${Math.round(255 * opacity).toString(16).padStart(2, '0')}`;
}

function valueText({ y }: Chart, value: number): string {
  return y.kind === 'evidence' ? odds(value) : `${Number(value.toPrecision(3)).toLocaleString('en-US')} ${y.unit}`;
}

/** Powers of ten, few enough to be read. */
function oddsSplits(low: number, high: number): number[] {
  const [first, last] = [Math.ceil(low / Math.LN10), Math.floor(high / Math.LN10)];
  const step = Math.max(1, Math.ceil((last - first) / 5));
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => (first + index * step) * Math.LN10)
    .map((value) => (Math.abs(value) < 1e-9 ? 0 : value));
}

/** Evidence of 4.6 nats as "100": a hundred to one. */
function odds(log: number): string {
  const tens = log / Math.LN10;
  return Math.abs(tens) > 5
    ? `1e${Math.round(tens)}`
    : Number(Math.exp(log).toPrecision(2)).toLocaleString('en-US', { maximumFractionDigits: 6 });
}

function percent(part: number): string {
  return `${Number((100 * part).toPrecision(2))} %`;
}

function minutes(value: number): string {
  return `${Number(value.toPrecision(6)).toLocaleString('en-US')} min`;
}

function clock(second: number, step: number): string {
  const time = new Date(second * 1_000);
  return step >= 86_400
    ? time.toLocaleDateString([], { month: 'short', day: 'numeric' })
    : time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', ...(step < 60 ? { second: '2-digit' } : {}), hour12: false });
}
