/** A text in the browser's language. */
export function text(key: string, ...args: string[]): string {
  return chrome.i18n.getMessage(key, args);
}

const marks = ["\u0001", "\u0002", "\u0003"];

/** A text that can be given to somebody else, who puts the values in: see fillIn. */
export function textToFillIn(key: string): string {
  return text(key, ...marks);
}

/** The text with its values. */
export function fillIn(text: string, values: readonly string[]): string {
  return values.reduce((all, value, i) => all.replace(marks[i]!, () => value), text);
}
