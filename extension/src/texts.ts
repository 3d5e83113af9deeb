/** A text in the browser's language. */
export function text(key: string, ...args: string[]): string {
  return chrome.i18n.getMessage(key, args);
}
