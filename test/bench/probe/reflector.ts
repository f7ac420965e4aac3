// The agent's Session-Reflector as a program, on every address of the far end.

import { type Address, parseAddress, subnetOf } from "../../../agent/estate/address.ts";
import { systemClock } from "../../../agent/lib/clock.ts";
import { createReflecting } from "../../../agent/probe/reflecting.ts";
import { stampPort } from "../../../agent/wire/stamp.ts";
import { nearAddress } from "./wire.ts";

const log = {
  info: () => {},
  warn: (_: unknown, message: string) => console.error(message),
  error: (_: unknown, message: string) => console.error(message),
};
const whole = (address: Address | undefined) => {
  if (address === undefined) throw new Error("no address");
  return subnetOf(address, address.family === 4 ? 32 : 128);
};
const reflecting = createReflecting(
  { clock: systemClock, log },
  {
    listen: { host: "::", port: stampPort },
    senders: [whole(parseAddress(nearAddress[4])), whole(parseAddress(nearAddress[6]))],
    key: undefined,
    // A table of sessions is not what is measured, and one sender has no more than 1,024.
    stateful: false,
    senderRate: 1_000_000,
    totalRate: 1_000_000,
  },
);
const listening = await reflecting.start();
if (!listening.ok) throw new Error(listening.error);
process.on("disconnect", () => process.exit());
process.send?.("ready");
