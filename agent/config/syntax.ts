// What the YAML parser found, said by its code: its own messages quote the source.

import type { YAMLError } from "yaml";

interface Problem {
  readonly problem: string;
  readonly fix: string;
}

/** The parser finds it only when the alias is followed. */
export const badAlias: Problem = {
  problem: "this alias (*name) has no anchor before it",
  fix: "define it above with &name, or put a text that begins with * in quotes",
};

export const tabIndents: Problem = { problem: "a tab indents this line", fix: "indent with spaces" };

const problems: Readonly<Partial<Record<YAMLError["code"], Problem>>> = {
  ALIAS_PROPS: { problem: "an alias (*name) has a tag or anchor of its own", fix: "write only *name" },
  BAD_ALIAS: badAlias,
  BAD_COLLECTION_TYPE: { problem: "a tag (!name) does not fit what follows it", fix: "remove the tag" },
  BAD_DIRECTIVE: {
    problem: "a line that begins with % is not a known directive",
    fix: "remove it, or put the text in quotes",
  },
  BAD_DQ_ESCAPE: {
    problem: "a backslash in double quotes begins an unknown escape",
    fix: "use single quotes, or write the backslash twice",
  },
  BAD_INDENT: {
    problem: "the indentation does not fit the lines above",
    fix: "keys of one map begin in the same column; or is a bracket or quote above not closed?",
  },
  BAD_PROP_ORDER: { problem: "an anchor or tag stands in the wrong place", fix: "put it directly before its value" },
  BAD_SCALAR_START: { problem: "a value cannot begin with this character", fix: "put the value in quotes" },
  BLOCK_AS_IMPLICIT_KEY: {
    problem: 'a second ": " on this line, or a map where a plain value belongs',
    fix: 'put a value that contains ": " in quotes, or begin a new line',
  },
  BLOCK_IN_FLOW: {
    problem: "a block of lines stands inside { } or [ ]",
    fix: "separate the entries with commas, and close the bracket",
  },
  DUPLICATE_KEY: { problem: "a key stands twice in one map", fix: "keep one of them" },
  IMPOSSIBLE: {
    problem: "the text cannot be read as YAML from here",
    fix: "check the lines above for quotes and brackets that are not closed",
  },
  KEY_OVER_1024_CHARS: { problem: "a key is longer than 1024 characters", fix: "check for a quote that is not closed" },
  MISSING_CHAR: {
    problem: "something is missing here",
    fix: "check for quotes or brackets that are not closed, a missing comma, or a missing space after a colon",
  },
  MULTILINE_IMPLICIT_KEY: {
    problem: "a key runs over more than one line",
    fix: 'write "key: value" on one line; is a colon missing, or a quote not closed?',
  },
  MULTIPLE_ANCHORS: { problem: "a value has two anchors", fix: "keep one of them" },
  MULTIPLE_DOCS: { problem: "a second document begins here (---)", fix: "keep one document in the file" },
  MULTIPLE_TAGS: { problem: "a value has two tags", fix: "remove both" },
  NON_STRING_KEY: {
    problem: "a key is a list or a map",
    fix: "use a plain word as the key; a text that begins with { or [ needs quotes",
  },
  RESOURCE_EXHAUSTION: { problem: "the file is nested too deeply to be read", fix: "write it with fewer levels" },
  TAB_AS_INDENT: tabIndents,
  TAG_RESOLVE_FAILED: {
    problem: "a tag (!name) stands here, and tags are not read",
    fix: "remove it, or put a text that begins with ! in quotes",
  },
  UNEXPECTED_TOKEN: {
    problem: "this does not belong here",
    fix: "check this line and the one above for a missing colon, comma, quote or bracket",
  },
};

/** A tab makes the parser name several other things, so it is looked for first. */
export function syntaxProblem(code: YAMLError["code"], text: string, offset: number): Problem {
  const start = text.lastIndexOf("\n", Math.max(0, offset - 1)) + 1;
  const indentation = /^[ \t]*/.exec(text.slice(start, start + 200))?.[0] ?? "";
  const known = indentation.includes("\t") ? tabIndents : problems[code];
  return known ?? { problem: "the text cannot be read as YAML from here", fix: "check this line and the one above" };
}
