// The labs of test/routers run side by side: what one has on the machine is told from another's by its prefix alone.

import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";

const routers = resolve(import.meta.dirname, "routers");

it("no two files of test/routers have a lab of the same prefix", () => {
  const labs = readdirSync(routers)
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => {
      const text = readFileSync(resolve(routers, file), "utf8");
      const prefixes = new Set([...text.matchAll(/\bprefix: "(\w+)"/g)].map(([, prefix = ""]) => prefix));
      // One that is made otherwise would not be seen here.
      expect(prefixes.size > 0, file).toBe(/\bstartLab\(/.test(text));
      return [...prefixes].map((prefix) => ({ prefix, file }));
    });
  expect(labs.length).toBeGreaterThan(10);
  const shared = labs.filter(({ prefix, file }) => labs.some((lab) => lab.prefix === prefix && lab.file !== file));
  expect(shared).toEqual([]);
});
