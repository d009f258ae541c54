/**
 * A template's value as one text. What only a deployment knows gets a stable name in its place, `<LogicalId>` or
 * `<LogicalId.Attribute>`: equal references are equal texts, which is all that a rehearsal needs of them.
 */
export function flatten(value: unknown): string {
  if (value === null || typeof value !== 'object') {
    return String(value ?? '');
  }
  const [[intrinsic, of]] = Object.entries(value as { [name: string]: unknown });
  switch (intrinsic) {
    case 'Ref':
      return `<${String(of)}>`;
    case 'Fn::GetAtt':
      return `<${Array.isArray(of) ? of.join('.') : String(of)}>`;
    case 'Fn::Join': {
      const [separator, parts] = of as [string, unknown[]];
      return parts.map(flatten).join(separator);
    }
    case 'Fn::Sub': {
      const [text, values] = (Array.isArray(of) ? of : [of, {}]) as [string, { [name: string]: unknown }];
      return text.replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) =>
        {
        if (literal) {
          return `\${${name}}`;
        }
        if (name in values) {
          return flatten(values[name]);
        }
        return `<${name}>`;
      });
    }
    default:
      // Quotes would end the text of a JSON document that this is part of.
      return `<${intrinsic} ${JSON.stringify(of).replaceAll('"', '\'')}>`;
  }
}
