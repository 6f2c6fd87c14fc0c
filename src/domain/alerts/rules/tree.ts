import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type ParsedNode } from 'yaml';
import { type Faults, keyPath, type Spot } from './faults.ts';

/** A rules file as values that know their place. */
export type Tree = TreeScalar | TreeList | TreeMap;

export interface TreeScalar extends Spot {
  kind: 'scalar';
  value: string | number | boolean | null;
  /** As it is written. */
  text: string;
}

export interface TreeList extends Spot {
  kind: 'list';
  items: readonly Tree[];
}

export interface TreeMap extends Spot {
  kind: 'map';
  entries: ReadonlyMap<string, TreeEntry>;
}

export interface TreeEntry {
  /** Where the key stands. */
  at: number;
  /** Absent when its fault has been told. */
  value: Tree | undefined;
}

/** Aliases count as often as they are used, so that a few lines cannot stand for millions of values. */
const mostValues = 100_000;
export const mostDepth = 16;

export function growTree(document: Document.Parsed, text: string, faults: Faults): Tree | undefined {
  const { contents } = document;
  if (contents === null)
    return faults.add({ at: 0, path: '' }, 'the file is empty; it needs at least `rules:`');
  return new Grower(text, faults).grow(contents, '', 0);
}

class Grower {
  readonly #text: string;
  readonly #faults: Faults;
  readonly #anchors = new Map<string, Node>();
  #values = 0;
  #stopped = false;

  constructor(text: string, faults: Faults) {
    this.#text = text;
    this.#faults = faults;
  }

  grow(node: Node | ParsedNode | null, path: string, depth: number): Tree | undefined {
    const spot = { at: node?.range?.[0] ?? 0, path };
    if (this.#stopped || node === null) return undefined;
    if (++this.#values > mostValues)
      return this.#stop({ ...spot, path: '' }, `the file has more than ${mostValues} values`);
    if (depth > mostDepth) return this.#stop(spot, `is more than ${mostDepth} levels deep`);
    if (isAlias(node)) {
      const meant = this.#anchors.get(node.source);
      if (meant === undefined)
        return this.#faults.add(spot, `is *${node.source}, but no value before it is &${node.source}`);
      return this.grow(meant, path, depth + 1);
    }
    const { anchor, tag } = node as { anchor?: string; tag?: string };
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    if (tag !== undefined) return this.#refuseTag(spot, tag);
    if (isMap(node)) return { ...spot, kind: 'map', entries: this.#entries(node.items, path, depth) };
    if (isSeq(node)) return { ...spot, kind: 'list', items: this.#items(node.items, path, depth) };
    return isScalar(node) ? { ...spot, kind: 'scalar', ...plainValue(node.value, node.source) } : undefined;
  }

  #items(items: readonly unknown[], path: string, depth: number): Tree[] {
    const grown = items.map((item, index) => this.grow(item as Node | null, `${path}[${index}]`, depth + 1));
    return grown.filter((item) => item !== undefined);
  }

  #entries(
    pairs: readonly { key: unknown; value: unknown }[],
    path: string,
    depth: number,
  ): Map<string, TreeEntry> {
    const entries = new Map<string, TreeEntry>();
    for (const { key, value } of pairs) {
      const at = (key as Node | null)?.range?.[0] ?? 0;
      if (!isScalar(key)) {
        this.#faults.add({ at, path }, 'has a key that is no word; a text that begins with {{ needs quotes');
        continue;
      }
      const name = String(key.source ?? key.value ?? '');
      const own = keyPath(path, name);
      if (entries.has(name)) this.#faults.add({ at, path: own }, 'is there twice');
      // A key without anything after it.
      const missing: TreeScalar = { at, path: own, kind: 'scalar', value: null, text: '' };
      const grown = value === null ? missing : this.grow(value as Node, own, depth + 1);
      if (!entries.has(name)) entries.set(name, { at, value: grown });
    }
    return entries;
  }

  #refuseTag(spot: Spot, tag: string): undefined {
    if (!tag.startsWith('!')) return this.#faults.add(spot, 'has a tag, which is not needed');
    // The place of a value is behind its tag.
    const at = Math.max(this.#text.lastIndexOf(tag, spot.at), 0);
    this.#faults.add({ ...spot, at }, `begins with ${tag}, a tag in YAML; put it in quotes: "${tag}"`);
  }

  #stop(spot: Spot, message: string): undefined {
    this.#stopped = true;
    this.#faults.add(spot, message);
  }
}

function plainValue(value: unknown, source: string | undefined): Pick<TreeScalar, 'value' | 'text'> {
  if (typeof value === 'number' || typeof value === 'boolean')
    return { value, text: source ?? String(value) };
  if (value === null || value === undefined) return { value: null, text: source ?? '' };
  return { value: String(value), text: String(value) };
}
