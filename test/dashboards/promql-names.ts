// The names in a PromQL expression. Not a parser (Prometheus is that, in the queries' test): just enough to tell
// metrics from labels and functions in the queries of this project.

interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
  /** The functions around it, from the outside in. */
  readonly within: readonly string[];
  /** The range in brackets, or undefined. */
  readonly range: string | undefined;
}

export interface Names {
  readonly selectors: readonly Selector[];
  /** Labels that the expression groups by or joins on. */
  readonly grouping: readonly string[];
  /** Labels that the expression makes itself. */
  readonly made: readonly string[];
}

const words = new Set(["and", "or", "unless", "bool", "offset", "NaN", "Inf"]);
const lists = new Set(["by", "without", "on", "ignoring", "group_left", "group_right"]);
const lexeme = /"(?:[^"\\]|\\.)*"|[a-zA-Z_:][\w:]*|\{[^}]*\}|\[[^\]]*\]|[()]/g;

export function namesOf(expression: string): Names {
  const tokens = [...expression.matchAll(lexeme)].map(([text]) => text);
  const selectors: Selector[] = [];
  const grouping: string[] = [];
  const made: string[] = [];
  const open: string[] = [];
  let called = "";
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] ?? "";
    if (token === "(") {
      open.push(called);
      called = "";
    } else if (token === ")") {
      open.pop();
    } else if (lists.has(token)) {
      for (at += 2; tokens[at] !== ")" && at < tokens.length; at++) grouping.push(tokens[at] ?? "");
      // `max by (a) (…)`: the parenthesis that follows is still that of `max`.
    } else if (token.startsWith('"')) {
      if (open.at(-1) === "label_replace" && /^"\w+"$/.test(token)) made.push(token.slice(1, -1));
    } else if (/^[a-zA-Z_]/.test(token) && !words.has(token)) {
      const next = tokens[at + 1] ?? "";
      if (next === "(" || (lists.has(next) && !token.includes("_"))) {
        called = token;
        continue;
      }
      const matchers = next.startsWith("{") ? next : "";
      const after = tokens[at + (matchers === "" ? 1 : 2)] ?? "";
      selectors.push({
        metric: token,
        labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = ""]) => label),
        within: open.filter((name) => name !== ""),
        range: after.startsWith("[") ? after.slice(1, -1) : undefined,
      });
    }
  }
  return { selectors, grouping, made };
}
