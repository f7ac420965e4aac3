const redacted = "[secret]";

/**
 * A community, password or key. Printing, serialising or inspecting it shows `[secret]`;
 * only `reveal` gives the text, so a search for its callers finds every use.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return redacted;
  }
}
