import { parseJsonPath } from '../core/json/json-path';
import type { AssignmentKey } from '../core/routing/route';

/**
 * Which part of a request decides the variant that serves it. Requests with the same key are served by the same variant for as
 * long as the weights allow; a request without the key is decided by its inference id.
 */
export abstract class Assignment {
  /**
   * The inference id: every request by itself, unless the caller sends ids of its own.
   */
  public static inferenceId(): Assignment {
    return new KeyAssignment({ source: 'inference-id' }, []);
  }

  /**
   * A header, such as the id of the user on whose behalf the caller asks.
   *
   * @param name the header's name, in any case
   */
  public static header(name: string): Assignment {
    return new KeyAssignment(
      { source: 'header', name: name.toLowerCase() },
      /^[\w!#$%&'*+.^`|~-]+$/.test(name)
        ? []
        : [`the assignment header is ${JSON.stringify(name)}, which is no header name; name one such as "x-user-id"`],
    );
  }

  /**
   * A text or number in a JSON body. Reading it costs the router the parsing of the body.
   *
   * @param path one place, such as `$.user.id` or `$.rows[0].id`; wildcards and filters are refused
   */
  public static jsonPath(path: string): Assignment {
    return new KeyAssignment(
      { source: 'json-path', path },
      parseJsonPath(path) !== undefined
        ? []
        : [`the assignment path is ${JSON.stringify(path)}, but must name one place such as "$.user.id", without wildcards and filters`],
    );
  }

  /** @internal */
  public abstract _key(): AssignmentKey;

  /** @internal */
  public abstract _problems(): string[];
}

class KeyAssignment extends Assignment {
  constructor(private readonly key: AssignmentKey, private readonly problems: string[]) {
    super();
  }

  /** @internal */
  public _key(): AssignmentKey {
    return this.key;
  }

  /** @internal */
  public _problems(): string[] {
    return this.problems;
  }
}
