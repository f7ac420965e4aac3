import { type PackedText, packedText } from "../../agent/export/packed-text.ts";

export const textOf = (packed: PackedText): string => Buffer.concat([...packed.plain()]).toString();

export const packedOf = (text: string): PackedText => packedText([Buffer.from(text)]);
