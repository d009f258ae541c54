import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

// What users of other languages see of the API is what jsii reads from its declarations: names of members and parameters, and types.

const LIB = join(__dirname, '../lib');

/** What jsii can only call `any`, and why it stays so. */
const ANY = {
  'BedrockJudgeOptions.additionalModelRequestFields': 'members of Converse that each model has its own of',
  'BedrockModelOptions.additionalModelRequestFields': 'members of Converse that each model has its own of',
  'BedrockTool.inputSchema': 'a JSON Schema, as of `Guardrail.schema`',
  'ExpectedValue.value': 'any JSON: what a test expects at a path',
  'Guardrail.schema': 'a JSON Schema, whose keywords have values of any type',
  'ModelEndpoint.isModelEndpoint': 'asks whether something is one, as `Construct.isConstruct` of CDK does',
  'SmokeTest.schema': 'a JSON Schema, as of `Guardrail.schema`',
};

const PYTHON = `False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda
  nonlocal not or pass raise return try while with yield`;
const JAVA = `abstract assert boolean break byte case catch char class const continue default do double else enum extends final finally float for goto if
  implements import instanceof int interface long native new package private protected public return short static strictfp super switch synchronized
  this throw throws transient try void volatile while`;
const RESERVED = new Set(`${PYTHON} ${JAVA}`.split(/\s+/));

interface Member {
  readonly name: string;
  readonly parameters: readonly ts.ParameterDeclaration[];
  readonly declaration: ts.ClassElement | ts.TypeElement;
}

const members = exported('index')
  .filter((node) => ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node))
  .flatMap(membersOf);

test('what the package exports is read', () => {
  expect(members.map(({ name }) => name)).toEqual(expect.arrayContaining([
    'CanaryRollout.constructor', 'FeedbackMetrics.accuracy', 'Guardrail.errorRate', 'Model.lambdaFunction', 'AliasOptions.model', 'RolloutOptions.guardrails',
  ]));
});

test('every parameter has a name: a destructured one is __0 in Python and Java', () => {
  expect(members.filter(({ parameters }) => parameters.some(({ name }) => !ts.isIdentifier(name))).map(({ name }) => name)).toEqual([]);
});

test('no member or parameter has a name that Python or Java would have to change', () => {
  const names = members.flatMap(({ name, parameters }) => [name, ...parameters.map((parameter) => `${name}.${parameter.name.getText()}`)]);
  expect(names.filter((name) => RESERVED.has(name.split('.').at(-1)!))).toEqual([]);
});

test('what takes or gives anything whatever has a reason to', () => {
  const takesAny = (node: ts.Node): boolean =>
    node.kind === ts.SyntaxKind.AnyKeyword
    || (!ts.isBlock(node) && (ts.forEachChild(node, (child) => takesAny(child) || undefined) ?? false));
  expect(members.filter(({ declaration }) => takesAny(declaration)).map(({ name }) => name).sort()).toEqual(Object.keys(ANY));
});

/** The declarations that a module of `lib` exports. */
function exported(module: string, from = LIB): readonly ts.Statement[] {
  const path = `${relative(LIB, join(from, module))}.ts`;
  const { statements } = ts.createSourceFile(path, readFileSync(join(LIB, path), 'utf8'), ts.ScriptTarget.ES2022, true);
  return statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement)) {
      return is(statement, ts.SyntaxKind.ExportKeyword) ? [statement] : [];
    }
    const all = exported((statement.moduleSpecifier as ts.StringLiteral).text, dirname(join(LIB, path)));
    const { exportClause } = statement;
    if (exportClause === undefined || !ts.isNamedExports(exportClause)) {
      return all;
    }
    const names = new Set(exportClause.elements.map(({ name }) => name.text));
    return all.filter((each) => 'name' in each && names.has((each.name as ts.Identifier).text));
  });
}

function membersOf(node: ts.ClassDeclaration | ts.InterfaceDeclaration): readonly Member[] {
  return [...node.members].flatMap((declaration) => {
    const isInternal = ts.getJSDocTags(declaration).some(({ tagName }) => tagName.text === 'internal');
    const name = ts.isConstructorDeclaration(declaration) ? 'constructor' : declaration.name?.getText();
    const parameters = ts.isFunctionLike(declaration) ? [...declaration.parameters] : [];
    return isInternal || is(declaration, ts.SyntaxKind.PrivateKeyword) || name === undefined
      ? []
      : [{ name: `${node.name!.text}.${name}`, parameters, declaration }];
  });
}

function is(node: ts.Node, modifier: ts.ModifierSyntaxKind): boolean {
  return ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === modifier);
}
