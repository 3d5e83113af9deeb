/**
 * Tells whether a value that came from outside is one of the structs that Go describes: exactly the allowed fields, each
 * of its kind. The tables are generated (gen/*.ts); who reads messages or packs checks first and uses the type after.
 */

/** Value describes one value; `type` names a struct of the same table, `values` are all that a string may be. */
export interface Value {
  kind: "object" | "array" | "map" | "string" | "number" | "boolean" | "any";
  type?: string;
  of?: Value;
  values?: readonly string[];
}

/** Field is a value that may be missing if it is optional. */
export interface Field extends Value {
  optional?: true;
}

export type Shapes = Readonly<Record<string, Readonly<Record<string, Field>>>>;

/** wrong says what keeps a value from being the named struct, with the place in it, or undefined if nothing does. */
export function wrong(shapes: Shapes, type: string, value: unknown): string | undefined {
  return wrongObject(shapes, type, value, type, 0);
}

const deepest = 32;

function wrongObject(shapes: Shapes, type: string, value: unknown, at: string, depth: number): string | undefined {
  const fields = Object.hasOwn(shapes, type) ? shapes[type] : undefined;
  if (fields === undefined || depth > deepest || !isRecord(value)) {
    return `${at} is no ${type}`;
  }
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(fields, name)) {
      return `${at} has a field that is not known`;
    }
  }
  for (const [name, field] of Object.entries(fields)) {
    if (!Object.hasOwn(value, name)) {
      if (field.optional) continue;
      return `${at}.${name} is missing`;
    }
    const found = wrongValue(shapes, field, value[name], `${at}.${name}`, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function wrongValue(shapes: Shapes, want: Value, value: unknown, at: string, depth: number): string | undefined {
  switch (want.kind) {
    case "any":
      return undefined;
    case "object":
      return wrongObject(shapes, want.type ?? "", value, at, depth);
    case "array":
      return Array.isArray(value) ? wrongElements(shapes, want, value, at, depth) : `${at} is no list`;
    case "map":
      return isRecord(value) ? wrongElements(shapes, want, Object.values(value), at, depth) : `${at} is no map`;
    case "number":
      return Number.isSafeInteger(value) ? undefined : `${at} is no whole number`;
    case "string":
      if (typeof value !== "string") return `${at} is no string`;
      return want.values === undefined || want.values.includes(value) ? undefined : `${at} is none of its words`;
    case "boolean":
      return typeof value === "boolean" ? undefined : `${at} is neither true nor false`;
  }
}

function wrongElements(shapes: Shapes, want: Value, list: readonly unknown[], at: string, depth: number): string | undefined {
  if (want.of === undefined) return `${at} has no description`;
  for (const element of list) {
    const found = wrongValue(shapes, want.of, element, `${at}[]`, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
