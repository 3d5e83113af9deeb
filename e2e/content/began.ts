// began is imported first: when the text of the content script began to run.
export const began = performance.now();
