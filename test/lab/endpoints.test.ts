// The service and the internet dependencies of the lab, checked by the agent's own checks, and its DNS by Node's resolver.

import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { parseConfig } from "../../agent/config/load.ts";
import { checksOf } from "../../agent/estate/probed.ts";
import { answerDns } from "../../agent/lab/dns-answer.ts";
import { labAddresses } from "../../agent/lab/endpoints.ts";
import { createLab, type Lab } from "../../agent/lab/lab.ts";
import { story } from "../../agent/lab/story.ts";
import { type Clock, type Instant, systemClock } from "../../agent/lib/clock.ts";
import { createLogger } from "../../agent/lib/log.ts";
import { err } from "../../agent/lib/result.ts";
import { runCheck } from "../../agent/probe/check.ts";

let lab: Lab | undefined;
afterEach(async () => {
  await lab?.stop();
});

async function running() {
  let ahead = 0;
  const clock: Clock = { ...systemClock, now: () => (systemClock.now() + ahead) as Instant };
  const created = createLab({ clock, log: createLogger("silent"), random: Math.random });
  lab = created;
  const started = await created.start();
  if (!started.ok) throw new Error(started.error);
  const { config, env } = started.value;
  const parsed = parseConfig(config, "lab", { env, readFile: () => err("none"), credentialsDirectory: undefined });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  const checks = checksOf(parsed.value);
  return {
    lab: created,
    /** Into the middle of the chapter that begins so. */
    to(title: string) {
      const chapter = story.find((one) => one.title.startsWith(title));
      if (chapter === undefined) throw new Error(`no chapter ${title}`);
      ahead = (chapter.at + chapter.duration / 2) * 1_000;
    },
    async outcomes() {
      const results = await Promise.all(checks.map(({ check }) => runCheck(systemClock, check)));
      return results.map(({ failure }, i) => `${checks[i]?.of} ${checks[i]?.check.label}: ${failure?.reason ?? "ok"}`);
    },
  };
}

describe("the lab's endpoints", () => {
  it("are well when nothing is broken", async () => {
    const { outcomes, lab } = await running();
    expect(await outcomes()).toEqual([
      "service orders http: ok",
      "service orders dns: ok",
      "service mail tcp: ok",
      "internetDependency revocation http: ok",
      "internetDependency public-dns dns: ok",
    ]);
    expect(lab.http()).toEqual({ well: 2, failing: 0, silent: 0 });
  });

  it("fail as the story says, each alone", async () => {
    const { outcomes, to, lab } = await running();
    to("Service failure");
    expect((await outcomes()).filter((line) => !line.endsWith("ok"))).toEqual([
      "service orders http: unexpectedStatus",
    ]);
    to("Internet dependency");
    expect((await outcomes()).filter((line) => !line.endsWith("ok"))).toEqual([
      "internetDependency revocation http: timeout",
    ]);
    expect(lab.http()).toMatchObject({ failing: 1, silent: 1 });
  });
});

describe("the lab's DNS", () => {
  it("answers nothing to what is no question, and no more than a question's length and a record", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (query) => {
        const answer = answerDns(query, labAddresses);
        expect(answer === undefined || answer.length <= query.length + 16).toBe(true);
      }),
    );
    expect(answerDns(new Uint8Array(0), labAddresses)).toBeUndefined();
    expect(answerDns(Uint8Array.from([1, 2, 0x80, ...Array(20).fill(0)]), labAddresses)).toBeUndefined();
  });
});
