// Looks for secrets in what a program shows, in every form in which octets come out of one.

/** What must not be found, and how to call it. */
export interface Planted {
  readonly name: string;
  readonly octets: Uint8Array;
}

export function planted(name: string, secret: string | Uint8Array): Planted {
  return { name, octets: typeof secret === "string" ? Buffer.from(secret) : secret };
}

/** Names of the secrets and forms that stand in `output`. */
export function leaksIn(output: string, secrets: readonly Planted[]): readonly string[] {
  const lower = output.toLowerCase();
  return secrets.flatMap(({ name, octets }) =>
    formsOf(Buffer.from(octets))
      .filter(([form, text]) =>
        form.startsWith("base64") ? output.includes(text) : lower.includes(text.toLowerCase()),
      )
      .map(([form]) => `${name} (${form})`),
  );
}

function formsOf(octets: Buffer): readonly (readonly [form: string, text: string])[] {
  const text = octets.toString("latin1");
  const hex = octets.toString("hex");
  const pairs = hex.match(/../g) ?? [];
  const forms: [string, string][] = [
    ["hex", hex],
    ["hex, spaced", pairs.join(" ")],
    ["hex, colons", pairs.join(":")],
    ["URL, every octet", pairs.map((pair) => `%${pair}`).join("")],
    ["escapes", pairs.map((pair) => `\\x${pair}`).join("")],
    ["decimals of JSON", [...octets].join(",")],
    ["decimals of inspect", [...octets].join(", ")],
    // inspect breaks long lists of octets into lines of columns.
    ["base64, whole", octets.toString("base64").replace(/=+$/, "")],
    ["base64url", octets.toString("base64url")],
  ];
  if (/^[\x20-\x7e]+$/.test(text)) {
    forms.push(["text", text], ["URL", encodeURIComponent(text)], ["reversed", [...text].reverse().join("")]);
    forms.push(["JSON", JSON.stringify(text).slice(1, -1)], ["UTF-16", [...text].join("\0")]);
    forms.push(["HTML", text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;")]);
  }
  // In the middle of other octets, the base64 form depends on where it begins, and its edges on what is beside it.
  for (const before of [1, 2]) {
    const inside = Buffer.concat([Buffer.alloc(before), octets]).toString("base64");
    forms.push([`base64, ${before} behind`, inside.slice(before + 1, -4)]);
  }
  return forms.filter(([, form]) => form.length >= 6);
}

/** One line for each piece of output: lists of octets that inspect broke into lines are joined again. */
export function joinedLines(output: string): string {
  return output.replace(/,\s+/g, ", ");
}
