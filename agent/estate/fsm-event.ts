// Events by which a BGP state machine leaves Established by itself (RFC 4271 section 8.1), in words.

const names: Readonly<Record<number, string>> = {
  2: "stopped by an operator",
  8: "stopped by the router itself",
  10: "hold timer expired",
  18: "TCP connection failed",
  21: "a message with a bad header",
  22: "an OPEN with an error",
  23: "two connections collided",
  24: "a NOTIFICATION with an error in its version",
  25: "a NOTIFICATION came",
  28: "an UPDATE with an error",
};

/** `TCP connection failed, FSM event 18`; the number alone where it says nothing more. */
export function fsmEventWords(event: number): string {
  const name = names[event];
  return name === undefined ? `FSM event ${event}` : `${name}, FSM event ${event}`;
}
