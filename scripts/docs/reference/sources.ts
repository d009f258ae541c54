import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

export const root = join(__dirname, '..', '..', '..');

const parsed = new Map<string, ts.SourceFile>();

/** A file of the repository, parsed once. */
export function sourceOf(file: string): ts.SourceFile {
  const known = parsed.get(file);
  if (known !== undefined) {
    return known;
  }
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);
  parsed.set(file, source);
  return source;
}

/** The TypeScript files of a folder, in order. */
export function filesOf(folder: string): string[] {
  return globSync(`${folder}/**/*.ts`, { cwd: root }).sort();
}

/** What the comment above a node says, and the pages that its `@see` name. */
export function documentation(node: ts.Node): { readonly text: string | undefined; readonly see: readonly string[] } {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const pages = (comment?.tags ?? []).filter((tag) => tag.tagName.text === 'see').map((tag) => tag.getText().replace(/^@see\s+/, '').trim());
  return { text: ts.getTextOfJSDocComment(comment?.comment), see: pages };
}

export interface Constant {
  readonly file: string;
  readonly name: string;
  readonly statement: ts.VariableStatement;
  readonly initializer: ts.Expression;
}

/** The constants at the top of a file. */
export function constantsOf(file: string): Constant[] {
  return sourceOf(file).statements.filter(ts.isVariableStatement).flatMap((statement) =>
    statement.declarationList.declarations.flatMap(({ name, initializer }) =>
      ts.isIdentifier(name) && initializer !== undefined ? [{ file, name: name.text, statement, initializer }] : []));
}

const OPERATORS: { readonly [kind: number]: (a: number, b: number) => number } = {
  [ts.SyntaxKind.PlusToken]: (a, b) => a + b,
  [ts.SyntaxKind.MinusToken]: (a, b) => a - b,
  [ts.SyntaxKind.AsteriskToken]: (a, b) => a * b,
  [ts.SyntaxKind.SlashToken]: (a, b) => a / b,
};

/** The number that an expression of literals, constants and sums of them is; undefined where it depends on more. */
export function numberOf(file: string, expression: ts.Expression): number | undefined {
  if (ts.isNumericLiteral(expression)) {
    return Number(expression.text.replaceAll('_', ''));
  }
  if (ts.isParenthesizedExpression(expression) || ts.isAsExpression(expression)) {
    return numberOf(file, expression.expression);
  }
  if (ts.isPrefixUnaryExpression(expression) && expression.operator === ts.SyntaxKind.MinusToken) {
    const value = numberOf(file, expression.operand);
    return value === undefined ? undefined : -value;
  }
  if (ts.isBinaryExpression(expression)) {
    const [left, right] = [numberOf(file, expression.left), numberOf(file, expression.right)];
    return left === undefined || right === undefined ? undefined : OPERATORS[expression.operatorToken.kind]?.(left, right);
  }
  if (ts.isCallExpression(expression) && expression.expression.getText() === 'Math.floor') {
    const value = numberOf(file, expression.arguments[0]);
    return value === undefined ? undefined : Math.floor(value);
  }
  return ts.isIdentifier(expression) ? valueOf(file, expression.text) : undefined;
}

/** The value of a constant by the name that a file has for it. */
function valueOf(file: string, name: string): number | undefined {
  const own = constantsOf(file).find((constant) => constant.name === name);
  if (own !== undefined) {
    return numberOf(file, own.initializer);
  }
  const from = sourceOf(file).statements.filter(ts.isImportDeclaration).find(({ importClause }) => {
    const names = importClause?.namedBindings;
    return names !== undefined && ts.isNamedImports(names) && names.elements.some((element) => element.name.text === name);
  })?.moduleSpecifier;
  return from !== undefined && ts.isStringLiteral(from) && from.text.startsWith('.')
    ? valueOf(`${join(dirname(file), from.text)}.ts`, name)
    : undefined;
}

/** In one line of a table. */
export function cell(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
