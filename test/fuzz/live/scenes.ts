// Every part of the agent that reads from a socket, with a socket. A new one: a scene, and its name here.

import { bmpStation } from "./bmp.ts";
import { notifying } from "./notifications.ts";
import { polls } from "./polls.ts";
import { prober } from "./prober.ts";
import { reflector } from "./reflector.ts";
import type { Scene } from "./scene.ts";

export const scenes: readonly Scene[] = [...polls, reflector, prober, notifying, bmpStation];
