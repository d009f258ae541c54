/** Values of a metric by the start of their period, epoch milliseconds; NaN where two different values were read for one period. */
export interface Series extends Iterable<[at: number, value: number]> {
  readonly size: number;
  get(at: number): number | undefined;
  has(at: number): boolean;
  keys(): Iterable<number>;
  values(): Iterable<number>;
  forEach(tell: (value: number, at: number) => void): void;
}

/** By {@link sourceKey}. */
export type SeriesByKey = ReadonlyMap<string, Series>;

const NOTHING: Series = new Map<number, number>();

/** Values of one source; none where nothing was read of it. */
export function seriesAt(series: SeriesByKey, key: string): Series {
  return series.get(key) ?? NOTHING;
}

/**
 * A series as two columns in the order of time: a rollout's are read whole at every judgement and looked up period after period, for
 * which the next place is where the last one was.
 */
export class Column implements Series {
  private place = 0;

  /** @param times in order, each once */
  private constructor(private readonly times: readonly number[], private readonly told: readonly number[]) {}

  /** Of what was read, in whatever order and however often; the arrays are the column's own from then on. */
  static of(times: number[], values: number[]): Column {
    const { length } = times;
    let [up, down] = [true, true];
    for (let index = 1; index < length; index++) {
      up &&= times[index] > times[index - 1];
      down &&= times[index] < times[index - 1];
    }
    if (!up && down) {
      // As CloudWatch answers: the newest first.
      times.reverse();
      values.reverse();
    }
    return up || down ? new Column(times, values) : Column.sorted(times, values);
  }

  /** Columns that follow one another in time. */
  static joined(parts: readonly Series[]): Column {
    return Column.of(parts.flatMap((part) => [...part.keys()]), parts.flatMap((part) => [...part.values()]));
  }

  private static sorted(times: readonly number[], values: readonly number[]): Column {
    const byTime = new Map<number, number>();
    times.forEach((at, index) => {
      const [known, value] = [byTime.get(at), values[index]];
      byTime.set(at, known === undefined || known === value ? value : NaN);
    });
    const sorted = [...byTime].sort(([one], [other]) => one - other);
    return new Column(sorted.map(([at]) => at), sorted.map(([, value]) => value));
  }

  get size(): number {
    return this.times.length;
  }

  get(at: number): number | undefined {
    const { times, told } = this;
    if (times[this.place] !== at) {
      this.place = times[this.place + 1] === at ? this.place + 1 : this.placeOf(at);
    }
    return times[this.place] === at ? told[this.place] : undefined;
  }

  has(at: number): boolean {
    return this.get(at) !== undefined;
  }

  keys(): Iterable<number> {
    return this.times;
  }

  values(): Iterable<number> {
    return this.told;
  }

  forEach(tell: (value: number, at: number) => void): void {
    this.told.forEach((value, index) => tell(value, this.times[index]));
  }

  *[Symbol.iterator](): Iterator<[number, number]> {
    for (let index = 0; index < this.times.length; index++) {
      yield [this.times[index], this.told[index]];
    }
  }

  /** The first place that is not before. */
  private placeOf(at: number): number {
    let [low, high] = [0, this.times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      [low, high] = this.times[middle] < at ? [middle + 1, high] : [low, middle];
    }
    return low;
  }
}
