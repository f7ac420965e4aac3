// Loss on the way there and loss on the way back, from the two sequence numbers of a stateful Session-Reflector (RFC 8762
// section 4.3): what it counted arrived there, what it did not count was lost before. No I/O and no clock.

export interface DirectionalLoss {
  /** Lost before the reflector counted them. */
  readonly forward: number;
  /** Reflected, and not answered in time: lost on the way back, or late. */
  readonly backward: number;
}

/** Told what came of each probe in the order of sending, once nothing more can come of it. */
export interface Directions {
  /** `copies`: how often the reflector counted the probe beyond the first time, since the network had doubled it. */
  answered(sequence: number, reflected: number, copies: number): void;
  lost(): void;
  /** Nobody knows what came of a probe: nothing is said of those since the last answer. */
  forget(): void;
  /** Since the time before; undefined while the reflector is not known to count for itself. */
  drain(): DirectionalLoss | undefined;
}

/** Answers in a row that fit no count: the reflector began to count anew, and is believed from here on. */
const patience = 16;

export function createDirections(): Directions {
  let counts = false;
  /** The reflector's number of an answer up to which everything is told apart. */
  let anchor: number | undefined;
  /** Of what was sent after that answer. */
  let answers = 0;
  let losses = 0;
  let copied = 0;
  let misfits = 0;
  let forward = 0;
  let backward = 0;

  function start(reflected: number, copies: number): void {
    anchor = reflected;
    answers = 0;
    losses = 0;
    copied = copies;
    misfits = 0;
  }

  return {
    answered(sequence, reflected, copies) {
      // A stateless reflector copies the number; until they differ it may be one, and nothing is known.
      if (reflected !== sequence) counts = true;
      if (anchor === undefined) {
        start(reflected, copies);
        return;
      }
      answers++;
      // Signed: it goes back when the reflector was restarted, or when probes overtook each other on the way there.
      const back = ((reflected - anchor) | 0) - answers - copied;
      const there = losses - back;
      if (back < 0 || there < 0) {
        copied += copies;
        misfits++;
        if (misfits === patience) start(reflected, copies);
        return;
      }
      if (counts) {
        backward += back;
        forward += there;
      }
      start(reflected, copies);
    },
    lost() {
      losses++;
    },
    forget() {
      anchor = undefined;
    },
    drain() {
      if (!counts) return undefined;
      const drained = { forward, backward };
      forward = 0;
      backward = 0;
      return drained;
    },
  };
}
