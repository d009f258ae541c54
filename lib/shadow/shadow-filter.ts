import { parseJsonPath } from '../core/json/json-path';
import type { MirrorFilter as Filter } from '../core/routing/route';

/** What a request must have to be mirrored. */
export abstract class ShadowFilter {
  /**
   * A header, with one of the values.
   *
   * @param name the header's name, in any case
   * @param values what it may say; none means that it must only be there
   */
  public static header(name: string, ...values: string[]): ShadowFilter {
    return new PlainFilter(
      { on: 'header', name: name.toLowerCase(), values },
      /^[\w!#$%&'*+.^`|~-]+$/.test(name)
        ? headerValueProblems(name, values)
        : [`a filter's header is ${JSON.stringify(name)}, which is not a header name, so nothing would match; name one such as "x-tenant"`],
    );
  }

  /**
   * A value in a JSON body. Reading it costs the router the parsing of the bodies in the sample.
   *
   * @param path one place, such as `$.user.country`; wildcards and filters are refused
   * @param values what it may be, numbers and booleans as texts; none means that it must only be there
   */
  public static jsonPath(path: string, ...values: string[]): ShadowFilter {
    return new PlainFilter(
      { on: 'json-path', path, values },
      parseJsonPath(path) !== undefined
        ? []
        : [`a filter's path is ${JSON.stringify(path)}, but must name one place such as "$.user.country", without wildcards and filters`],
    );
  }

  /**
   * A media type of the body, without parameters, such as `application/json`.
   */
  public static contentType(...types: string[]): ShadowFilter {
    return new PlainFilter(
      { on: 'content-type', values: types.map((type) => type.toLowerCase()) },
      types.length === 0
        ? ['a filter on the content type names none, so that it could not match as one; name a type such as "application/json"']
        : types
            .filter((type) => !/^[\w.+-]+\/[\w.+-]+$/.test(type))
            .map(
              (type) =>
                `a filter's content type is ${JSON.stringify(type)}, which no request matches; give type and subtype without `
                  + 'parameters, such as "application/json"',
            ),
    );
  }

  /** @internal */
  public abstract _filter(): Filter;

  /** @internal */
  public abstract _problems(): string[];
}

class PlainFilter extends ShadowFilter {
  constructor(private readonly filter: Filter, private readonly problems: string[]) {
    super();
  }

  /** @internal */
  public _filter(): Filter {
    return this.filter;
  }

  /** @internal */
  public _problems(): string[] {
    return this.problems;
  }
}

/** White space around a header's value is no part of it. */
function headerValueProblems(name: string, values: readonly string[]): string[] {
  return values
    .filter((value) => value === '' || value.trim() !== value || /[\r\n\0]/.test(value))
    .map(
      (value) =>
        `a filter wants the value ${JSON.stringify(value)} of the header ${name.toLowerCase()}, which no request has; leave it out, or `
          + 'the white space around it',
    );
}

/** Filters that together match nothing: they want different values at the same place. */
export function contradictions(filters: readonly Filter[]): string[] {
  const problems: string[] = [];
  filters.forEach((filter, index) => {
    for (const other of filters.slice(index + 1)) {
      if (
        placeOf(filter) === placeOf(other) &&
        filter.values.length > 0 &&
        other.values.length > 0 &&
        !filter.values.some((value) => other.values.includes(value))
      ) {
        problems.push(
          `two filters want different values of ${placeOf(filter)}, so that no request matches both; put the values into one filter`,
        );
      }
    }
  });
  return problems;
}

function placeOf(filter: Filter): string {
  switch (filter.on) {
    case 'header': return `the header ${filter.name}`;
    case 'json-path': return `the value at ${filter.path}`;
    case 'content-type': return 'the header content-type';
  }
}
