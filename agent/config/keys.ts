// How a key of the configuration is declared: its zod schema, and what people read about it.
// The JSON Schema, the reference and the error messages all come from what is declared here.

import { z } from "zod";

/** What an error message and the reference say of a key; the description is in zod's own registry. */
export interface KeyFacts {
  /** With its article, as it follows "is not": `a duration`. */
  readonly type: string;
  /** Values that would be right, as they stand in YAML. */
  readonly examples: readonly string[];
  /** What is done when the key is absent, where it is no constant. */
  readonly absent?: string;
}

export const keyFacts = z.registry<KeyFacts>();

export const secretType = "a reference to a secret";

/** What is wrong with a value, and what would be right. */
export interface Wrong {
  readonly problem: string;
  readonly fix: string;
}

export interface KeyDeclaration<T> extends KeyFacts {
  readonly is: string;
  /** Runs only on values of the right type. */
  readonly wrong?: (value: T) => Wrong | undefined;
  /** JSON Schema keywords that say to an editor what `wrong` says to a reader. */
  readonly json?: Readonly<Record<string, unknown>>;
}

export function text(declaration: KeyDeclaration<string>) {
  return declared(z.string(), declaration);
}

export function integer(
  declaration: KeyDeclaration<number> & {
    readonly minimum: number;
    readonly maximum: number;
    /** How it is to be written, where there is more than one way. */
    readonly form?: string;
  },
) {
  const { minimum, maximum, form = "", type, wrong } = declaration;
  return declared(z.number(), {
    ...declaration,
    json: { type: "integer", minimum, maximum },
    wrong: (value) =>
      Number.isInteger(value) && value >= minimum && value <= maximum
        ? wrong?.(value)
        : { problem: `${value} is not ${type}`, fix: `write a whole number from ${minimum} to ${maximum}${form}` },
  });
}

/** A value that YAML reads as a text or as a number. */
export function textOrNumber(declaration: KeyDeclaration<string | number>) {
  return declared(z.union([z.string(), z.number()]), declaration);
}

export function flag(declaration: KeyDeclaration<boolean>) {
  return declared(z.boolean(), declaration);
}

export function word<const W extends readonly [string, ...string[]]>(words: W, declaration: KeyDeclaration<W[number]>) {
  return declared(z.enum(words), declaration);
}

/** As `word`, where YAML reads some of the words as numbers. */
export function wordOrNumber<const W extends readonly (string | number)[]>(
  words: W,
  declaration: KeyDeclaration<W[number]>,
) {
  return declared(z.literal(words), { ...declaration, json: { enum: [...words] } });
}

/** A map whose keys are fixed. */
export function keys<S extends z.ZodRawShape>(
  shape: S,
  declaration: Pick<KeyDeclaration<never>, "is" | "json"> & {
    readonly type?: string;
    readonly examples?: readonly string[];
  },
) {
  const schema = z.strictObject(shape).meta({ description: declaration.is, ...declaration.json });
  keyFacts.add(schema, { type: declaration.type ?? "a map of keys", examples: declaration.examples ?? [] });
  return schema;
}

export const namePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** A map whose keys are names that the reader gives. */
export function named<V extends z.ZodType>(of: V, declaration: Pick<KeyDeclaration<never>, "is">) {
  const schema = z.record(z.string().regex(namePattern), of).meta({ description: declaration.is });
  keyFacts.add(schema, { type: "a map of names", examples: [] });
  return schema;
}

export function list<V extends z.ZodType>(of: V, declaration: Pick<KeyDeclaration<never>, "is" | "examples" | "json">) {
  const schema = z.array(of).meta({ description: declaration.is, ...declaration.json });
  keyFacts.add(schema, { type: "a list", examples: declaration.examples });
  return schema;
}

function declared<S extends z.ZodType>(base: S, { is, wrong, json, ...facts }: KeyDeclaration<z.output<S>>): S {
  const checked =
    wrong === undefined
      ? base
      : base.check((context) => {
          const found = wrong(context.value as z.output<S>);
          if (found !== undefined) {
            context.issues.push({
              code: "custom",
              input: context.value,
              message: found.problem,
              params: { fix: found.fix },
            });
          }
        });
  const examples = base instanceof z.ZodString ? { examples: [...facts.examples] } : {};
  const schema = checked.meta({ description: is, ...examples, ...json }) as S;
  keyFacts.add(schema, facts);
  return schema;
}
