import type { JsonSchema } from '../routing/measures';

type Fields = { readonly [member: string]: unknown };

/** Types of MLflow in those of JSON: bytes travel in base64, times as text. */
const TYPES: { readonly [type: string]: JsonSchema } = {
  boolean: { type: 'boolean' }, integer: { type: 'integer' }, long: { type: 'integer' }, float: { type: 'number' },
  double: { type: 'number' }, string: { type: 'string' }, binary: { type: 'string' }, datetime: { type: 'string' },
};

/**
 * What the answers of MLflow's scoring server are like, by the outputs of a model's signature
 * (https://mlflow.org/docs/latest/ml/model/signatures/): a document with member `predictions`. Undefined where the signature tells nothing.
 */
export function answersOf(outputs: unknown): JsonSchema | undefined {
  if (!Array.isArray(outputs) || outputs.length === 0 || !outputs.every(isFields)) {
    return undefined;
  }
  return { type: 'object', required: ['predictions'], properties: { predictions: predictionsOf(outputs) } };
}

function predictionsOf(outputs: readonly Fields[]): JsonSchema {
  const [first] = outputs;
  if (outputs.some(({ name }) => typeof name !== 'string')) {
    return first.type === 'tensor' ? tensorOf(first) : columnOf(first);
  }
  const named = objectOf(Object.fromEntries(outputs.map((output) => [output.name as string, output])));
  // A data frame becomes a list of its rows; what returns a dictionary gives one.
  return first.type === 'tensor' ? named : { anyOf: [{ type: 'array', items: named }, named] };
}

/** One column without a name: a value, or a list of them; a series of pandas has rows whose only member is the number of the column. */
function columnOf(column: Fields): JsonSchema {
  const value = valueOf(column);
  const row = { type: 'object', additionalProperties: value };
  return Object.keys(value).length === 0 ? {} : { anyOf: [value, { type: 'array', items: { anyOf: [value, row] } }] };
}

function objectOf(properties: { readonly [name: string]: unknown }): JsonSchema {
  const known = Object.entries(properties).filter((entry): entry is [string, Fields] => isFields(entry[1]));
  return {
    type: 'object',
    required: known.filter(([, { required }]) => required !== false).map(([name]) => name),
    properties: Object.fromEntries(known.map(([name, property]) => [name, valueOf(property)])),
  };
}

function valueOf(spec: Fields): JsonSchema {
  const value = plainValueOf(spec);
  return spec.required === false && Object.keys(value).length > 0 ? { anyOf: [value, { type: 'null' }] } : value;
}

function plainValueOf(spec: Fields): JsonSchema {
  switch (spec.type) {
    case 'tensor': return tensorOf(spec);
    case 'object': return objectOf(isFields(spec.properties) ? spec.properties : {});
    case 'array': return { type: 'array', items: isFields(spec.items) ? valueOf(spec.items) : {} };
    case 'map': return { type: 'object', additionalProperties: isFields(spec.values) ? valueOf(spec.values) : {} };
    // Whatever else there is may be anything.
    default: return typeof spec.type === 'string' && Object.hasOwn(TYPES, spec.type) ? TYPES[spec.type] : {};
  }
}

/** Lists in lists, as deep as the shape; -1 is any length. */
function tensorOf({ 'tensor-spec': tensor }: Fields): JsonSchema {
  const { dtype, shape } = isFields(tensor) ? tensor : {} as Fields;
  const lengths: readonly unknown[] = Array.isArray(shape) ? shape : [];
  return lengths.reduceRight<JsonSchema>(
    (items, length) => ({ type: 'array', items, ...(Number(length) >= 0 ? { minItems: Number(length), maxItems: Number(length) } : {}) }),
    numberOf(String(dtype)),
  );
}

/** Of the types of numpy. */
function numberOf(dtype: string): JsonSchema {
  const [, kind] = /^(u?int|float|bool)\d*$/.exec(dtype) ?? [];
  return kind === undefined ? {} : TYPES[{ float: 'double', bool: 'boolean' }[kind] ?? 'long'];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
