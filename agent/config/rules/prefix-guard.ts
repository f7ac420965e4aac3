import { parsePercentage } from "../values.ts";
import type { Rule } from "./rule.ts";

export const noteIsNotAboveRaise: Rule = ({ draft, report }) => {
  const { note = "80%", raise = "90%" } = draft.prefixGuard ?? {};
  const [low, high] = [parsePercentage(note), parsePercentage(raise)];
  if (low === undefined || high === undefined || low <= high) return;
  const key = draft.prefixGuard?.raise === undefined ? "note" : "raise";
  report(["prefixGuard", key], `note ${note} is above raise ${raise}`, "write a note that is at most raise");
};
