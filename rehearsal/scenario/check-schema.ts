/** The part of JSON Schema that the schema of scenarios uses. */
export interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'number' | 'boolean';
  readonly properties?: { readonly [name: string]: Schema };
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly description?: string;
}

/** What is wrong with a value, a sentence each: where, what is there, and what may be. */
export function schemaProblems(value: unknown, schema: Schema, at = ''): string[] {
  const where = at === '' ? 'the file' : at;
  const shown = JSON.stringify(value) ?? 'nothing';
  const scalar = value === null ? 'nothing' : typeof value;
  const kind = Array.isArray(value) ? 'array' : scalar;
  if (schema.type !== undefined && kind !== schema.type) {
    return [`${where} is ${shown.slice(0, 60)}, but must be ${article(schema.type)}${about(schema)}`];
  }
  switch (schema.type) {
    case 'object':
      return objectProblems(value as { [name: string]: unknown }, schema, at, where);
    case 'array':
      return (value as unknown[]).flatMap((item, index) => schemaProblems(item, schema.items!, `${at}[${index}]`));
    case 'number': {
      const { minimum, maximum, exclusiveMinimum } = schema;
      const number = value as number;
      const limits = [
        ...(minimum !== undefined && !(number >= minimum) ? [`at least ${minimum}`] : []),
        ...(exclusiveMinimum !== undefined && !(number > exclusiveMinimum) ? [`above ${exclusiveMinimum}`] : []),
        ...(maximum !== undefined && !(number <= maximum) ? [`at most ${maximum}`] : []),
      ];
      return limits.map((limit) => `${where} is ${shown}, but must be ${limit}${about(schema)}`);
    }
    case 'string':
      return (value as string).length < (schema.minLength ?? 0) ? [`${where} is empty${about(schema)}`] : [];
    default:
      return [];
  }
}

function objectProblems(
  value: { readonly [name: string]: unknown },
  { properties = {}, required = [] }: Schema,
  at: string,
  where: string,
): string[] {
  const inside = (name: string): string => (at === '' ? name : `${at}.${name}`);
  return [
    ...required.filter((name) => !(name in value)).map((name) => `${where} lacks ${name}${about(properties[name])}`),
    ...Object.entries(value).flatMap(([name, member]) =>
      properties[name] === undefined
        ? [`${where} has ${JSON.stringify(name)}, which is not known; ${nearest(name, Object.keys(properties))}`]
        : schemaProblems(member, properties[name], inside(name)),
    ),
  ];
}

function nearest(name: string, known: readonly string[]): string {
  const close = known.find((candidate) => distance(name.toLowerCase(), candidate.toLowerCase()) <= 2);
  return close === undefined ? `known are ${known.join(', ')}` : `did you mean ${JSON.stringify(close)}?`;
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}

function article(type: string): string {
  return type === 'object' || type === 'array' ? `an ${type}` : `a ${type}`;
}

function about({ description }: Schema): string {
  return description === undefined ? '' : ` (${description.replace(/\.$/, '').replace(/^./, (first) => first.toLowerCase())})`;
}
