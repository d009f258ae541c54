// Rules about imports that need to see all files: circles, and who may import whom. ESLint looks at one file at a time, so the graph is
// read once.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';

const SOURCES = ['bin', 'page', 'lib', 'lambda', 'rehearsal', 'examples', 'benchmarks', 'scripts', 'test'];
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g;

/**
 * Which relative imports each folder's files may have; the first folder that a file is in counts. `.` is the file's own folder of
 * functions.
 */
const FLOORS = [
  { in: 'lib/core/', may: ['lib/core/'], message: 'lib/core imports nothing but itself: handlers and constructs share it.' },
  { in: 'lib/', may: ['lib/'], message: 'A construct imports from lib only: what runs in AWS is bundled before.' },
  { in: 'lambda/shared/', may: ['lib/core/', 'lambda/shared/'], message: 'What handlers share imports from lib/core only.' },
  {
    in: 'lambda/',
    may: ['lib/core/', 'lambda/shared/', 'package.json', '.'],
    message: 'A handler imports from lib/core and lambda/shared only, not from other handlers.',
  },
  {
    in: 'rehearsal/',
    may: ['rehearsal/', 'page/', 'lambda/', 'lib/core/'],
    message: 'A rehearsal imports what runs in AWS, and no construct: it reads the template.',
  },
  { in: 'page/', may: ['page/', 'lib/core/'], message: 'What pages share imports from lib/core only.' },
  {
    in: 'bin/cli/',
    may: ['bin/cli/', 'page/', 'rehearsal/', 'lambda/', 'lib/core/'],
    message: 'The command knows no construct: it reads templates and records.',
  },
];

export function importRules(root) {
  let graph;
  const files = () => (graph ??= graphOf(root));
  const nameOf = (context) => relative(root, context.filename).split(sep).join('/');
  const onImports = (check) => ({
    create: (context) => {
      const look = (node) => {
        if (typeof node.source?.value === 'string' && node.source.value.startsWith('.')) {
          const from = nameOf(context);
          const to = resolved(files().names, from, node.source.value) ?? normalize(join(dirname(from), node.source.value));
          const message = check(from, to);
          if (message !== undefined) {
            context.report({ node, message });
          }
        }
      };
      return { ImportDeclaration: look, ExportNamedDeclaration: look, ExportAllDeclaration: look, ImportExpression: look };
    },
  });
  return {
    rules: {
      'no-file-circle': onImports((from, to) =>
        from !== to && files().circleOf(from, to) ? `${to} imports ${from} too, directly or not.` : undefined,
      ),
      'no-folder-circle': onImports((from, to) =>
        dirname(from) !== dirname(to) && files().folderCircleOf(dirname(from), dirname(to))
          ? `The folder ${dirname(to)} imports ${dirname(from)} too, directly or not.`
          : undefined,
      ),
      'floors': onImports((from, to) => {
        const floor = FLOORS.find((each) => from.startsWith(each.in));
        const own = from.split('/').slice(0, 2).join('/') + '/';
        return floor === undefined || floor.may.some((folder) => to.startsWith(folder === '.' ? own : folder)) ? undefined : floor.message;
      }),
    },
  };
}

function graphOf(root) {
  const names = new Set(SOURCES.flatMap((folder) => filesBelow(root, folder)));
  const imports = new Map([...names].map((name) => [name, importsOf(root, names, name)]));
  const folders = new Map();
  for (const [from, all] of imports) {
    const others = [...all].map(dirname).filter((folder) => folder !== dirname(from));
    folders.set(dirname(from), new Set([...folders.get(dirname(from)) ?? [], ...others]));
  }
  const [fileCircles, folderCircles] = [circlesOf(imports), circlesOf(folders)];
  const together = (circles) => (a, b) => circles.get(a) !== undefined && circles.get(a) === circles.get(b);
  return { names, circleOf: together(fileCircles), folderCircleOf: together(folderCircles) };
}

function filesBelow(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.m?ts$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

function importsOf(root, names, name) {
  const found = [...readFileSync(join(root, name), 'utf8').matchAll(IMPORT)].map(([, to]) => resolved(names, name, to));
  return new Set(found.filter((to) => to !== undefined));
}

function resolved(names, from, to) {
  const path = normalize(join(dirname(from), to));
  return [path, `${path}.ts`, `${path}/index.ts`].find((name) => names.has(name));
}

/** The circle that each node is in, as an object of its own: strongly connected components of more than one node, after Tarjan. */
function circlesOf(graph) {
  const [index, low, circles, stack] = [new Map(), new Map(), new Map(), []];
  const visit = (node) => {
    index.set(node, index.size);
    low.set(node, index.get(node));
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) {
        visit(next);
        low.set(node, Math.min(low.get(node), low.get(next)));
      } else if (stack.includes(next)) {
        low.set(node, Math.min(low.get(node), index.get(next)));
      }
    }
    if (low.get(node) === index.get(node)) {
      const circle = stack.splice(stack.indexOf(node));
      if (circle.length > 1) {
        circle.forEach((each) => circles.set(each, circle));
      }
    }
  };
  for (const node of graph.keys()) {
    if (!index.has(node)) {
      visit(node);
    }
  }
  return circles;
}
