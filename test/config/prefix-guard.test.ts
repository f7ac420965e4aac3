import { describe, expect, it } from "vitest";
import { edited, errorsOf, estateOf, estateYaml } from "./estate-yaml.ts";

const withGuard = (text: string) => edited(["site: ams\nsnmp:", `site: ams\nprefixGuard: ${text}\nsnmp:`]);

describe("the prefix guard", () => {
  it("speaks at 80 and 90 % where the file says nothing", () => {
    expect(estateOf(estateYaml).prefixGuard).toEqual({ note: 0.8, raise: 0.9 });
    expect(estateOf(withGuard("{ note: 50%, raise: 60% }")).prefixGuard).toEqual({ note: 0.5, raise: 0.6 });
  });

  it.each([
    ["{ note: 95% }", "2:22: prefixGuard.note: note 95% is above raise 90%; write a note that is at most raise"],
    ["{ raise: 70% }", "2:23: prefixGuard.raise: note 80% is above raise 70%; write a note that is at most raise"],
  ])("%s is refused", (text, message) => {
    expect(errorsOf(withGuard(text))).toEqual([`estate.yaml:${message}`]);
  });
});
