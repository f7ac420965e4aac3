// Answers of the benchmark's routers: worked out once for each question, and from then on given from memory.

import type { MibView } from "../../../agent/lab/mib-view.ts";
import { answerSnmp } from "../../../agent/lab/snmp-agent.ts";

export interface KnownAnswers {
  /** Undefined where there is none. */
  readonly answer: (request: Buffer) => Buffer | undefined;
  readonly forget: () => void;
}

interface Element {
  readonly content: number;
  readonly end: number;
}

function elementAt(message: Buffer, at: number): Element {
  const first = message[at + 1] ?? 0;
  const more = first < 0x80 ? 0 : first & 0x7f;
  const content = at + 2 + more;
  return { content, end: content + (more === 0 ? first : message.readUIntBE(at + 2, more)) };
}

/** Version, community and PDU of a message. */
export function partsOf(message: Buffer): {
  readonly version: Element;
  readonly community: Element;
  readonly pduAt: number;
} {
  const version = elementAt(message, elementAt(message, 0).content);
  const name = elementAt(message, version.end);
  return { version, community: name, pduAt: name.end };
}

/**
 * Answers messages of version 2c out of the view of the moment. A question is the message but for its id. Clients write
 * ids longer than they must (gosnmp always in four octets), and an answer has the shortest form: so the question is
 * worked out with an id that is no shorter in any form, and the answer is as long whatever the id is.
 */
export function createKnownAnswers(viewNow: () => MibView): KnownAnswers {
  const known = new Map<string, Buffer>();

  function workedOut(request: Buffer, name: Element, id: Element): Buffer | undefined {
    const asked = Buffer.from(request).fill(0x7f, id.content, id.end);
    const answered = answerSnmp(asked, asked.subarray(name.content, name.end), viewNow());
    return answered.ok ? Buffer.from(answered.octets) : undefined;
  }

  return {
    answer(request) {
      const { community: name, pduAt } = partsOf(request);
      const id = elementAt(request, elementAt(request, pduAt).content);
      const question = `${id.end - id.content} ${request.toString("latin1", 0, id.content)}${request.toString("latin1", id.end)}`;
      const octets = known.get(question) ?? workedOut(request, name, id);
      if (octets === undefined) return undefined;
      known.set(question, octets);
      const own = Buffer.from(octets);
      own.set(request.subarray(id.content, id.end), elementAt(own, elementAt(own, partsOf(own).pduAt).content).content);
      return own;
    },
    forget: () => known.clear(),
  };
}
