// Stands in the place of the second content script where content.ts stands in that of the first one, and hears all that comes.
export {};
