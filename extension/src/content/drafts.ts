// drafts checks what is written in composers, and only there: a pause after typing starts a check. What is written stays here;
// class and count of what was found are reported, each combination once per draft.
import type { DraftHit } from "../gen/messages";
import type { DraftRules } from "../internal";
import { MOST_TEXT, counts, findInDraft } from "./draft";
import { Underline, read } from "./editor";
import { holds } from "./match";
import { WordList } from "./words";

const PAUSE = 350;

/** Who hears of a check. */
export interface Advice {
  /** What to advise about now; empty when all is well. */
  advise(hits: readonly DraftHit[]): void;
  report(hits: DraftHit[]): void;
}

/** The drafts of one page. */
export class Drafts {
  private list: WordList | null = null;
  private readonly underline = new Underline();
  private readonly told = new WeakMap<HTMLElement, Set<string>>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private editor: HTMLElement | null = null;

  constructor(private readonly rules: DraftRules, private readonly advice: Advice) {}

  /** Somebody is at an element: if it is a composer it is looked at after a pause. */
  at(target: EventTarget | undefined): void {
    const editor = this.editorOf(target);
    if (!editor) return;
    this.editor = editor;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(), PAUSE);
  }

  end(): void {
    clearTimeout(this.timer);
    this.underline.clear();
  }

  /** The composer that an event came from. Passwords and codes are never read, wherever a page puts them. */
  private editorOf(target: EventTarget | undefined): HTMLElement | null {
    const el = target as HTMLElement | undefined;
    if (!el?.closest || el.matches('input:not([type="text" i], [type="search" i], [type="url" i], :not([type]))')) return null;
    const selectors = this.rules.composers.filter((c) => holds(c.when)).flatMap((c) => c.text);
    return selectors.reduce<HTMLElement | null>((found, s) => found ?? closest(el, s), null);
  }

  private check(): void {
    const editor = this.editor;
    if (!editor?.isConnected) return this.clear();
    const written = read(editor, MOST_TEXT);
    if (this.rules.words) this.list ??= new WordList(this.rules.words); // not before somebody writes: most pages are read
    const finds = findInDraft(written.text, this.list);
    const hits = counts(finds);
    this.underline.mark(editor, written, finds);
    this.advice.advise(hits);
    if (hits.length > 0) this.tell(editor, hits);
  }

  private clear(): void {
    this.underline.clear();
    this.advice.advise([]);
  }

  private tell(editor: HTMLElement, hits: DraftHit[]): void {
    const said = this.told.get(editor) ?? new Set();
    const key = JSON.stringify(hits);
    if (said.has(key)) return;
    this.told.set(editor, said.add(key));
    this.advice.report(hits);
  }
}

function closest(el: HTMLElement, selector: string): HTMLElement | null {
  try {
    return el.closest<HTMLElement>(selector.split(" >>> ").at(-1)!);
  } catch {
    return null;
  }
}
