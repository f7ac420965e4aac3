// Replays recorded walks of routers and says, one line each, what the agent's tables found in them.
// `npm run test:walks -- FOLDER`: NAME.snmprec, with NAME.expected.json beside it (`Expected` in expected.ts is its form).
// Exit status: 0 when all is as expected, 1 when something differs, 2 when the folder holds no walk.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bfdSessionsOf, compare, type Expected, neighborsIn, opticalPowersOf } from "./expected.ts";
import { pollWalk } from "./poll.ts";
import { parseSnmprec } from "./snmprec.ts";

const say = (text: string) => process.stdout.write(`${text}\n`);

function giveUp(problem: string): never {
  process.stderr.write(`${problem}\n`);
  process.exit(2);
}

function walksIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith(".snmprec"))
      .map((file) => file.slice(0, -".snmprec".length))
      .sort();
  } catch (failure) {
    return giveUp(`cannot read ${folder}: ${failure instanceof Error ? failure.message : String(failure)}`);
  }
}

const [folder, ...more] = process.argv.slice(2);
if (folder === undefined || more.length > 0) giveUp("usage: npm run test:walks -- FOLDER");
const names = walksIn(folder);
if (names.length === 0) giveUp(`${folder} holds no .snmprec file`);

let differing = 0;
for (const name of names) {
  let outcome: string;
  try {
    const { bindings, unreadable } = parseSnmprec(readFileSync(join(folder, `${name}.snmprec`), "utf8"));
    const expected = JSON.parse(readFileSync(join(folder, `${name}.expected.json`), "utf8")) as Expected;
    const neighbors = neighborsIn(bindings);
    const { counts, differences } = compare(await pollWalk(bindings, neighbors), expected, {
      optics: opticalPowersOf(bindings),
      bfd: bfdSessionsOf(bindings),
      neighbors: neighbors.length,
    });
    if (differences.length > 0) differing += 1;
    const lost = unreadable === 0 ? "" : ` (${unreadable} lines are no OID|type|value)`;
    outcome = `${counts}${lost}: ${differences.length === 0 ? "ok" : differences.join("; ")}`;
  } catch (failure) {
    differing += 1;
    outcome = failure instanceof Error ? failure.message : String(failure);
  }
  say(`${name}: ${outcome}`);
}
say(`${names.length} walks, ${differing} of them differ`);
process.exit(differing === 0 ? 0 : 1);
