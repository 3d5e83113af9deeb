/** What a value may be. */
export type Value =
  | { kind: "bool" | "int" | "any"; optional?: boolean }
  | { kind: "text" | "token" | "base64" | "origin"; max: number; optional?: boolean }
  | { kind: "word"; words: readonly string[]; optional?: boolean }
  | { kind: "list"; max: number; of: Value; optional?: boolean }
  | { kind: "struct"; name: string; optional?: boolean };

/** What a message may have: these fields and no other. */
export type Shape = { readonly [field: string]: Value };

/** Says why a value has not exactly the named shape, or nothing. It never repeats the value. */
export function check(name: keyof typeof shapes, value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return `a ${name} is needed`;
  const shape: Shape = shapes[name];
  const fields = value as Record<string, unknown>;
  for (const key of Object.keys(fields)) {
    if (!Object.hasOwn(shape, key)) return `${name} has an unknown field`;
  }
  for (const [key, of] of Object.entries(shape)) {
    if (!Object.hasOwn(fields, key)) {
      if (of.optional) continue;
      return `${name} has no ${key}`;
    }
    const why = checkValue(of, fields[key]);
    if (why !== undefined) return `${key}: ${why}`;
  }
  return undefined;
}

const alphabets: Record<"text" | "token" | "base64" | "origin", RegExp> = {
  text: /^[^]*$/,
  token: /^[A-Za-z0-9.:_{}-]+$/,
  base64: /^[A-Za-z0-9_-]+$/,
  origin: /^(null|[a-z][a-z0-9.-]*:\/\/([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?)$/,
};

function checkValue(of: Value, value: unknown): string | undefined {
  switch (of.kind) {
    case "any":
      return value === undefined ? "a value is needed" : undefined;
    case "bool":
      return typeof value === "boolean" ? undefined : "a bool is needed";
    case "int":
      return Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : "a whole number of at least 0 is needed";
    case "word":
      return typeof value === "string" && of.words.includes(value) ? undefined : "this is not one of its words";
    case "struct":
      return check(of.name as keyof typeof shapes, value);
    case "list":
      return checkList(of.max, of.of, value);
    default:
      return checkText(of.kind, of.max, value);
  }
}

function checkList(max: number, of: Value, value: unknown): string | undefined {
  if (!Array.isArray(value)) return "a list is needed";
  if (value.length > max) return `there are more than ${max}`;
  for (const element of value) {
    const why = checkValue(of, element);
    if (why !== undefined) return why;
  }
  return undefined;
}

function checkText(kind: keyof typeof alphabets, max: number, value: unknown): string | undefined {
  if (typeof value !== "string") return `a ${kind} is needed`;
  if (new TextEncoder().encode(value).length > max) return `it is longer than ${max} bytes`;
  return alphabets[kind].test(value) ? undefined : `this is no ${kind}`;
}
