const TYPES = ['null', 'boolean', 'object', 'array', 'number', 'integer', 'string'];

/** Keywords whose value is a schema, a list of them, or schemas by name (JSON Schema 2020-12, and what earlier drafts had). */
const SCHEMA = [
  'not', 'if', 'then', 'else', 'items', 'additionalItems', 'contains', 'propertyNames', 'additionalProperties', 'unevaluatedItems',
  'unevaluatedProperties',
];
const LIST = ['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items'];
const BY_NAME = ['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions'];

type Fields = { readonly [keyword: string]: unknown };

/** What would make a validator fail, or let everything pass, of a JSON schema. */
export function schemaFaults(schema: unknown): string[] {
  const anchors = new Set<string>();
  visit(schema, '#', (fields) => {
    for (const name of [fields.$anchor, fields.$id]) {
      if (typeof name === 'string') {
        anchors.add(name);
      }
    }
    return [];
  });
  return visit(schema, '#', (fields, at) => [
    ...typeFaults(fields.type, at),
    ...refFaults(fields.$ref, at, schema, anchors),
    ...[fields.pattern, ...Object.keys(isFields(fields.patternProperties) ? fields.patternProperties : {})].flatMap((pattern) =>
      patternFaults(pattern, at)),
    ...(fields.enum === undefined || (Array.isArray(fields.enum) && fields.enum.length > 0)
      ? []
      : [`enum at ${at} is not a list of values`]),
    ...(fields.required === undefined || (Array.isArray(fields.required) && fields.required.every((name) => typeof name === 'string'))
      ? []
      : [`required at ${at} is not a list of names`]),
  ]);
}

function visit(schema: unknown, at: string, faults: (fields: Fields, at: string) => string[]): string[] {
  if (typeof schema === 'boolean') {
    return [];
  }
  if (!isFields(schema)) {
    return [`${at} is ${JSON.stringify(schema)}, but must be a schema: an object, true or false`];
  }
  const below: [place: string, schema: unknown][] = [
    ...SCHEMA.flatMap((keyword): [string, unknown][] =>
      schema[keyword] === undefined || (keyword === 'items' && Array.isArray(schema.items)) ? [] : [[keyword, schema[keyword]]]),
    ...LIST.flatMap((keyword) => {
      const list: unknown = schema[keyword];
      return Array.isArray(list) ? list.map((each, index): [string, unknown] => [`${keyword}/${index}`, each]) : [];
    }),
    ...BY_NAME.flatMap((keyword) => {
      const named = schema[keyword];
      return isFields(named) ? Object.entries(named).map(([name, each]): [string, unknown] => [`${keyword}/${name}`, each]) : [];
    }),
  ];
  return [...faults(schema, at), ...below.flatMap(([place, each]) => visit(each, `${at}/${place}`, faults))];
}

function typeFaults(type: unknown, at: string): string[] {
  const types: unknown[] = Array.isArray(type) ? type : [type];
  return type === undefined
    ? []
    : types.filter((each) => !TYPES.includes(each as string))
      .map((each) => `type at ${at} is ${JSON.stringify(each)}, but must be one of ${TYPES.join(', ')}`);
}

function refFaults(ref: unknown, at: string, root: unknown, anchors: ReadonlySet<string>): string[] {
  if (ref === undefined) {
    return [];
  }
  if (typeof ref !== 'string') {
    return [`$ref at ${at} is ${JSON.stringify(ref)}, but must be a text`];
  }
  const known = ref === '#' || anchors.has(ref) || anchors.has(ref.slice(1)) || (ref.startsWith('#/') && pointed(root, ref) !== undefined);
  return known ? [] : [`$ref at ${at} is ${JSON.stringify(ref)}, which is not in the schema; put it into $defs, nothing is fetched`];
}

/** What a JSON pointer in a reference leads to (RFC 6901). */
function pointed(root: unknown, ref: string): unknown {
  return ref.slice(2).split('/')
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((at, part) => (typeof at === 'object' && at !== null ? (at as Fields)[part] : undefined), root);
}

function patternFaults(pattern: unknown, at: string): string[] {
  if (pattern === undefined) {
    return [];
  }
  try {
    new RegExp(String(pattern), 'u');
    return [];
  } catch (error) {
    return [`a pattern at ${at} is not a regular expression: ${(error as Error).message}`];
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
