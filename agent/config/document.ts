// YAML text to plain data with the place of every key and value. The messages are our own:
// those of the parser quote the source, and the source may hold a secret in a wrong place.

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type ParsedNode,
  parseDocument,
  visit,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import { err, ok, type Result } from "../lib/result.ts";
import { type ConfigError, type Finding, type KeyPath, quote } from "./error.ts";
import { badAlias, syntaxProblem, tabIndents } from "./syntax.ts";

/** Where a node stands: offsets into the text; `key` is undefined for the root and list items. */
export interface Located {
  readonly key: number | undefined;
  readonly value: number;
  readonly children: ReadonlyMap<string | number, Located>;
}

export interface SourceDocument {
  readonly data: unknown;
  readonly root: Located;
  /** Findings that leave the rest readable, such as a key that stands twice. */
  readonly findings: readonly Finding[];
  readonly position: (offset: number) => { readonly line: number; readonly column: number };
}

/** An estate of a thousand circuits takes about one million. */
const maximumCharacters = 2_000_000;
/** Aliases are expanded, so a small file can hold a large document. */
const maximumNodes = 200_000;
const maximumDepth = 50;

type SourceError = Omit<ConfigError, "file">;

/** Reads one YAML 1.2 document; the errors are those after which its content cannot be judged. */
export function readDocument(given: string): Result<SourceDocument, readonly SourceError[]> {
  const text = given.startsWith("\ufeff") ? given.slice(1) : given;
  const whole = (problem: string, fix: string) => err([{ line: 1, column: 1, key: "", problem, fix }]);
  if (text.length > maximumCharacters) {
    const size = (text.length / 1e6).toFixed(1);
    return whole(
      `the file has ${size} million characters`,
      `at most ${maximumCharacters / 1e6} million are read; is this the right file?`,
    );
  }
  const binary = unreadable(text);
  if (binary !== undefined) return err([binary]);

  const position = positionsIn(text);
  const parsed = parse(text);
  if (parsed === undefined)
    return whole("the file is nested too deeply to be read", `at most ${maximumDepth} levels are read`);

  const faults: readonly YAMLError[] = [...parsed.errors, ...parsed.warnings];
  if (faults.length > 0) {
    const errors = faults.map((fault) => ({
      ...position(startOf(fault, parsed)),
      key: "",
      ...syntaxProblem(fault.code, text, fault.pos[0]),
    }));
    // One slip makes the parser stumble several times over the same line, and a tab over those after it.
    const first = errors.filter((error, i) => errors.findIndex(({ line }) => line === error.line) === i);
    const tabs = first.filter(({ problem }) => problem === tabIndents.problem);
    return err(tabs.length === 0 ? first : tabs);
  }
  if (parsed.contents === null || (isScalar(parsed.contents) && parsed.contents.value === null)) {
    return whole("the file is empty", "write at least site, snmp, routers and circuits");
  }
  const reading = new Reading(parsed, position);
  const { data, at } = reading.node(parsed.contents, [], undefined, 0);
  if (reading.stopped !== undefined) {
    return err([{ ...position(reading.stopped.offset), key: "", ...reading.stopped }]);
  }
  return ok({ data, root: at, findings: reading.findings, position });
}

/** The parser's own LineCounter misses the end of some lines within broken text. */
function positionsIn(text: string): SourceDocument["position"] {
  const starts = [0, ...[...text.matchAll(/\r\n|\n|\r/g)].map(({ 0: end, index }) => index + end.length)];
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: Math.min(offset, text.length) - (starts[low] ?? 0) + 1 };
  };
}

function parse(text: string): Document.Parsed | undefined {
  try {
    return parseDocument(text, {
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false,
      resolveKnownTags: false,
      logLevel: "error",
    });
  } catch (error) {
    // The parser recurses, so it is the stack that limits the depth of what it reads.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** What is not closed is noticed at the end of the file only: where it was opened helps more. */
function startOf({ code, pos: [offset] }: YAMLError, document: Document.Parsed): number {
  let start = offset;
  if (code !== "MISSING_CHAR") return start;
  visit(document, {
    Scalar(_, { type, range }) {
      const quoted = type === "QUOTE_DOUBLE" || type === "QUOTE_SINGLE";
      if (quoted && range && range[0] < offset && range[1] >= offset) start = range[0];
    },
  });
  return start;
}

/** Text that was not UTF-8, or not text at all: says the place instead of failing somewhere later. */
function unreadable(text: string): SourceError | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  const offset = text.search(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffd]/);
  if (offset < 0) return undefined;
  const before = text.slice(0, offset).split("\n");
  const code = text.charCodeAt(offset);
  const problem =
    code === 0xfffd
      ? "a character here is not UTF-8"
      : `a control character (code ${code}) stands here: this is not plain text`;
  return {
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
    key: "",
    problem,
    fix: "save the file as UTF-8 text",
  };
}

interface Read {
  readonly data: unknown;
  readonly at: Located;
}

/** One pass over the nodes; a class because the budget and the findings live as long as the pass. */
class Reading {
  readonly findings: Finding[] = [];
  stopped: { readonly offset: number; readonly problem: string; readonly fix: string } | undefined;
  readonly #document: Document.Parsed;
  readonly #position: SourceDocument["position"];
  #nodes = 0;

  constructor(document: Document.Parsed, position: SourceDocument["position"]) {
    this.#document = document;
    this.#position = position;
  }

  node(node: Node | null | undefined, path: KeyPath, key: number | undefined, depth: number, from?: number): Read {
    const offset = from ?? (node as ParsedNode | null | undefined)?.range?.[0] ?? key ?? 0;
    const leaf = (data: unknown): Read => ({ data, at: { key, value: offset, children: new Map() } });
    if (this.stopped !== undefined) return leaf(null);
    this.#nodes++;
    if (this.#nodes > maximumNodes) {
      return this.#stop(
        offset,
        `the file holds more than ${maximumNodes} values once its aliases (*name) are expanded`,
        "write the values out, or use fewer aliases",
      );
    }
    if (depth > maximumDepth)
      return this.#stop(offset, "the file is nested too deeply to be read", `at most ${maximumDepth} levels are read`);
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target === undefined) {
        this.findings.push({ path, at: "value", offset, ...badAlias });
        return leaf(undefined);
      }
      // An alias is judged where it stands, so that an error names the line that uses it.
      return this.node(target, path, key, depth + 1, offset);
    }
    if (isMap(node)) return this.#map(node, path, key, depth, offset, from);
    if (isSeq(node)) {
      const children = new Map<number, Located>();
      const data = node.items.map((item, i) => {
        const read = this.node(item as Node | null, [...path, i], undefined, depth + 1, from);
        children.set(i, read.at);
        return read.data;
      });
      return { data, at: { key, value: offset, children } };
    }
    return leaf(isScalar(node) ? node.value : null);
  }

  #map(
    node: YAMLMap,
    path: KeyPath,
    key: number | undefined,
    depth: number,
    offset: number,
    from: number | undefined,
  ): Read {
    const children = new Map<string, Located>();
    const data: Record<string, unknown> = {};
    for (const { key: keyNode, value } of node.items) {
      const name = isScalar(keyNode) ? String(keyNode.value ?? "") : "";
      const keyOffset = from ?? (keyNode as ParsedNode | null)?.range?.[0] ?? offset;
      const here = [...path, name];
      if (name === "__proto__" || name === "") {
        this.findings.push({
          path,
          at: "value",
          problem: name === "" ? "a key is empty" : `${quote(name)} is not a usable key`,
          fix: "name it or remove it",
        });
        continue;
      }
      const read = this.node(value as Node | null, here, keyOffset, depth + 1, from);
      const first = children.get(name);
      if (first !== undefined) {
        const problem = `stands in line ${this.#position(first.key ?? first.value).line} already`;
        // The place is that of the second; the first stays the one that counts.
        this.findings.push({ path: here, at: "key", problem, fix: "keep one of them", offset: keyOffset });
        continue;
      }
      children.set(name, read.at);
      data[name] = read.data;
    }
    return { data, at: { key, value: offset, children } };
  }

  #stop(offset: number, problem: string, fix: string): Read {
    this.stopped = { offset, problem, fix };
    return { data: null, at: { key: undefined, value: offset, children: new Map() } };
  }
}
