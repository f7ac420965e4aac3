import { parseDuration } from "../../lib/duration.ts";
import { mostBuckets, mostWindows } from "../statistics-schema.ts";
import { items, type Rule } from "./rule.ts";

export const windowsDiffer: Rule = ({ draft, report }) => {
  const seen = new Map<number, string>();
  for (const [i, text] of items(draft.probing?.windows)) {
    const span = parseDuration(text) ?? Number.NaN;
    const path = ["probing", "windows", i];
    const first = seen.get(span);
    if (first !== undefined) report(path, `${text} is as long as ${first}`, "keep one of them");
    else if (i >= mostWindows) report(path, `is one of more than ${mostWindows}`, "remove those that nobody looks at");
    seen.set(span, text);
  }
};

export const bucketsAscend: Rule = ({ draft, report }) => {
  let before: { readonly text: string; readonly limit: number } | undefined;
  for (const [i, text] of items(draft.probing?.buckets)) {
    const limit = parseDuration(text) ?? Number.NaN;
    const path = ["probing", "buckets", i];
    if (before !== undefined && limit <= before.limit) {
      report(
        path,
        `${text} is not above ${before.text}, which stands before it`,
        "write the limits in ascending order",
      );
    } else if (i === mostBuckets)
      report(path, `is one of more than ${mostBuckets}`, "use fewer: each is a series of each path");
    before = { text, limit };
  }
};
