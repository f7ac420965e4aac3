import type { Rule } from "./rule.ts";

export const reflectorHasSenders: Rule = ({ draft, report }) => {
  if (draft.reflector?.senders?.length !== 0) return;
  report(
    ["reflector", "senders"],
    "is empty: nobody would be answered",
    "name the other sites' agents and routers, or remove the reflector",
  );
};
