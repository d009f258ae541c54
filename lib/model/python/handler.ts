import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run';
import { pythons } from './tools';

/** What is said of the function that answers requests, before anything is installed. */
export interface HandlerFindings {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Where Python looks in a folder for a module: a file, or a package. */
export function moduleFile(folder: string, module: string): string | undefined {
  const path = join(folder, module.replaceAll('.', '/'));
  return (
    [`${path}.py`, join(path, '__init__.py')].find((file) => existsSync(file)) ??
    (statSync(path, { throwIfNoEntry: false })?.isDirectory() ? path : undefined)
  );
}

/** The module and the function of a handler, undefined where it does not have both. */
export function splitHandler(handler: string): { readonly module: string; readonly fn: string } | undefined {
  const at = handler.lastIndexOf('.');
  const [module, fn] = [handler.slice(0, at), handler.slice(at + 1)];
  return at > 0 && /^[\p{L}_][\p{L}\p{N}_]*$/u.test(fn) ? { module, fn } : undefined;
}

/** Find the handler as Python would. What only running the module could tell is a warning. */
export function checkHandler(name: string, folder: string, handler: string, python: string, hasLibraries: boolean): HandlerFindings {
  const parts = splitHandler(handler);
  if (parts === undefined) {
    return only([`handler of ${name} is ${JSON.stringify(handler)}, but must be a module and a function such as "model.predict"`]);
  }
  const { module, fn } = parts;
  const shown = module.replaceAll('.', '/');
  const file = moduleFile(folder, module);
  if (file === undefined) {
    // With libraries it may be in one of them: the bundle will show.
    return hasLibraries
      ? only([])
      : only([
          `handler of ${name} is ${JSON.stringify(handler)}, but there is no file "${shown}.py" and no package `
            + `${JSON.stringify(shown)} in the folder; name one that is there`,
        ]);
  }
  if (!file.endsWith('.py')) {
    return only([
      `handler of ${name} is ${JSON.stringify(handler)}, but the folder ${JSON.stringify(shown)} has no "__init__.py" to define `
        + `${JSON.stringify(fn)}; add one`,
    ]);
  }
  return checkModule(`handler of ${name} is ${JSON.stringify(handler)}`, file, file.slice(folder.length + 1), fn, python);
}

function checkModule(what: string, file: string, shown: string, fn: string, python: string): HandlerFindings {
  const reading = read(file, fn, python);
  if (reading === undefined) {
    // No Python here: a function whose name is nowhere in the module is not there, more is not known.
    const source = readFileSync(file, 'utf8');
    return source.includes(fn) || /\bimport\s*\*|__getattr__/.test(source) ? only([]) : only([undefinedIn(what, shown, fn)]);
  }
  if (reading.syntax !== null) {
    const sentence = `${what}, but Python ${python} does not understand ${JSON.stringify(shown)}: ${reading.syntax}`;
    return reading.older
      ? only([], [`${sentence}, says an older Python; if that is not so, nothing needs to be done`])
      : only([`${sentence}; correct it, or choose another runtime`]);
  }
  switch (reading.defines) {
    case 'yes':
      return only([]);
    case 'no':
      return only([undefinedIn(what, shown, fn)]);
    case 'unknown':
      return only([], [`${what}, but whether ${JSON.stringify(shown)} defines ${JSON.stringify(fn)} is known only when it runs`]);
  }
}

function undefinedIn(what: string, shown: string, fn: string): string {
  return `${what}, but ${JSON.stringify(shown)} defines no ${JSON.stringify(fn)}; define it or name another`;
}

interface Reading {
  readonly syntax: string | null;
  readonly defines: 'yes' | 'no' | 'unknown';
  /** Whether the Python that read it is older than the one that it is for, and may not know all of its syntax. */
  readonly older: boolean;
}

function read(file: string, fn: string, version: string): Reading | undefined {
  const [major, minor] = version.split('.').map(Number);
  const all = pythons(version);
  const python = all.find((candidate) => candidate.version[1] >= minor) ?? all[0];
  if (python === undefined) {
    return undefined;
  }
  const { ok, output } = run([...python.command, '-c', READ, file, fn, `${major}`, `${minor}`], { env: { PYTHONUTF8: '1' } });
  return ok ? { ...(JSON.parse(output) as Pick<Reading, 'syntax' | 'defines'>), older: python.version[1] < minor } : undefined;
}

/** Parse a module without running it, and look for a name that it binds. */
const READ = `
import ast, json, sys, unicodedata
file, name, major, minor = sys.argv[1], unicodedata.normalize("NFKC", sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
source = open(file, "rb").read()
try:
    tree = ast.parse(source, file, feature_version=(major, minor))
except (SyntaxError, ValueError) as error:
    print(json.dumps({"syntax": "%s in line %s" % (getattr(error, "msg", error), getattr(error, "lineno", "?")), "defines": "unknown"}))
    sys.exit()
scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
bound, dynamic = set(), False
def walk(node):
    global dynamic
    if isinstance(node, scopes[:3]):
        bound.add(node.name)
    if isinstance(node, scopes):
        for inner in ast.walk(node):
            if isinstance(inner, ast.Global):
                bound.update(inner.names)
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        bound.add(node.id)
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            dynamic |= alias.name == "*"
            bound.add(alias.asname or alias.name.split(".")[0])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("exec", "globals", "setattr", "vars"):
        dynamic = True
    for child in ast.iter_child_nodes(node):
        walk(child)
walk(tree)
print(json.dumps({"syntax": None, "defines": "yes" if name in bound else "unknown" if dynamic or "__getattr__" in bound else "no"}))
`;

function only(problems: readonly string[], warnings: readonly string[] = []): HandlerFindings {
  return { problems, warnings };
}
