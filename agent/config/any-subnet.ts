// A subnet of any length, as a list of them in the configuration file names it.

import { formatSubnet, parseSubnet } from "../estate/address.ts";
import { quote } from "./error.ts";
import { text, type Wrong } from "./keys.ts";

/** `everybody`: what to write instead of a subnet that holds all addresses; absent: it may stand there. */
export function anySubnet({
  is,
  example,
  everybody,
}: {
  readonly is: string;
  readonly example: string;
  readonly everybody?: string;
}) {
  return text({
    is,
    type: "a subnet",
    examples: [example],
    json: { pattern: "^[0-9a-fA-F:.]+/\\d{1,3}$" },
    wrong: (value) => subnetWrong(value, example, everybody),
  });
}

function subnetWrong(value: string, example: string, everybody: string | undefined): Wrong | undefined {
  const parsed = parseSubnet(value);
  if (parsed.ok) {
    if (parsed.value.length > 0 || everybody === undefined) return undefined;
    return { problem: `${value} is everybody`, fix: everybody };
  }
  const { error } = parsed;
  if (error.kind === "hostBits") {
    const meant = formatSubnet(error.meant);
    return { problem: `${quote(value)} has host bits set`, fix: `the network that contains it is ${meant}` };
  }
  if (error.kind === "noLength") {
    return { problem: `${quote(value)} has no length`, fix: `write ${value}/${error.address.family === 4 ? 32 : 128}` };
  }
  return { problem: `${quote(value)} is not a subnet`, fix: `write network/length, such as ${example}` };
}
