/** One step of a redaction path: a member by name, an element by index, all children, or a member at any depth below. */
export type RedactionStep =
  | { readonly kind: 'name' | 'index'; readonly name: string }
  | { readonly kind: 'all' }
  | { readonly kind: 'descendant'; readonly name: string };

const STEP = /\.\.([A-Za-z_$][\w$-]*)|\.\.\['([^'\\]{1,256})'\]|\.([A-Za-z_$][\w$-]*)|\[(\d{1,9})\]|\['([^'\\]{1,256})'\]|\[\*\]|\.\*/y;

/**
 * The steps of a path of values to redact, undefined when it is none: `$.user.email`, `$['odd name']`, `$.items[0]`, `$.items[*].email`,
 * `$.headers.*`, and `$..email` for a member of that name wherever it is. Filters and slices are left out: what a path redacts must not
 * depend on other values of the document.
 */
export function parseRedactionPath(path: string): readonly RedactionStep[] | undefined {
  if (!path.startsWith('$') || path.length > 1_024) {
    return undefined;
  }
  const steps: RedactionStep[] = [];
  STEP.lastIndex = 1;
  while (STEP.lastIndex < path.length) {
    const match = STEP.exec(path);
    if (match === null) {
      return undefined;
    }
    const [anywhere, name, index] = [match[1] ?? match[2], match[3] ?? match[5], match[4]];
    if (anywhere !== undefined) {
      steps.push({ kind: 'descendant', name: comparable(anywhere) });
    } else if (name !== undefined) {
      steps.push({ kind: 'name', name: comparable(name) });
    } else {
      steps.push(index !== undefined ? { kind: 'index', name: String(Number(index)) } : { kind: 'all' });
    }
  }
  return steps.length > 0 ? steps : undefined;
}

/** Models differ in whether `Email` is `email`; to be safe it is here. */
export function comparable(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}
