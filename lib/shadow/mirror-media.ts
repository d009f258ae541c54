import { asks, type MirrorComparison } from '../core/comparison/plan';
import type { MirrorFilter } from '../core/routing/route';

/** Media types that cannot hold JSON or text. */
const BINARY =
  /^(?:image|audio|video|font|model)\/(?!.*\+(?:json|xml))|^application\/(?:octet-stream|pdf|zip|gzip|protobuf|x-protobuf|x-npy|x-recordio-protobuf|vnd\.apache\.parquet|vnd\.apache\.arrow\.\w+)\b/;
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/;

/** Filters that match nothing, and comparisons that find nothing, because of the media types of requests and answers. */
export function mediaProblems(filters: readonly MirrorFilter[], comparison: MirrorComparison, jsonOnly: boolean): string[] {
  const problems: string[] = [];
  const accepted =
    filters.find((filter) => filter.on === 'header' && filter.name === 'accept')?.values.map((type) => type.toLowerCase()) ?? [];
  if (comparison.kind !== 'exact' && !asks(comparison) && accepted.length > 0 && accepted.every((type) => BINARY.test(type))) {
    problems.push(
      `the requests that are mirrored accept ${accepted.join(', ')} only, which is neither JSON nor text, but the comparison `
        + `${JSON.stringify(comparison.kind)} reads ` +
        `${'path' in comparison && comparison.path !== undefined ? `the value at ${comparison.path}` : 'it'}; take Comparison.exact() `
          + 'or Comparison.custom(), or another filter',
    );
  }
  for (const { values } of filters.filter(({ on, values: types }) => on === 'content-type' && types.length > 0)) {
    if (jsonOnly && !values.some((type) => JSON_TYPE.test(type))) {
      problems.push(
        `a filter wants a body of ${values.join(', ')}, but the models of the alias take JSON only and refuse it, so that nothing `
          + 'would be mirrored; leave the filter out',
      );
    } else if (values.every((type) => BINARY.test(type)) && filters.some(({ on }) => on === 'json-path')) {
      problems.push(
        `a filter wants a body of ${values.join(', ')}, and another a value in a JSON body, so that no request matches both; leave one `
          + 'of them out',
      );
    }
  }
  return problems;
}
