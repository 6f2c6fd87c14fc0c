import { refuse } from '../errors.ts';

/** A node of the engine's syntax tree, as `EXPLAIN AST` prints it. */
export interface Node {
  kind: string;
  /** What stands behind the kind: a function's name, a table's, a literal. */
  label: string;
  children: Node[];
}

/**
 * Reads the indented print. A name that holds a line break could forge lines, so names with control characters are
 * refused before this is called; literals are printed escaped.
 */
export function readTree(print: string): Node {
  const path: { depth: number; node: Node }[] = [];
  let root: Node | undefined;
  for (const line of print.split('\n')) {
    if (line.trim() === '') continue;
    const depth = line.length - line.trimStart().length;
    const node = readLine(line.trim());
    while (path.length > 0 && (path.at(-1)?.depth ?? 0) >= depth) path.pop();
    const parent = path.at(-1);
    if (parent !== undefined) parent.node.children.push(node);
    else if (root === undefined) root = node;
    else throw refuse('SYNTAX_ERROR', 'Cannot read the parsed statement');
    path.push({ depth, node });
  }
  if (root === undefined) throw refuse('SYNTAX_ERROR', 'Empty statement');
  return root;
}

function readLine(line: string): Node {
  const space = line.indexOf(' ');
  if (space === -1) return { kind: line, label: '', children: [] };
  const kind = line.slice(0, space);
  const rest = line.slice(space + 1);
  // A literal may hold anything; of the others, what follows the name is the alias and the number of children.
  const label = kind === 'Literal' ? rest : (rest.split(/ ?\((?:alias|children|column) /)[0] ?? '');
  return { kind, label, children: [] };
}

export function* walk(node: Node, parent?: Node): Generator<{ node: Node; parent: Node | undefined }> {
  yield { node, parent };
  for (const child of node.children) yield* walk(child, node);
}
