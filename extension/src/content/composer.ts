// composer hears when somebody writes, and has the third script brought then: what is written, and whether it is in one of the site
// pack's composers, is looked at there.

/** What looks at drafts. */
interface Checks {
  at(target: EventTarget | undefined): void;
  end(): void;
}

/** Listens in one page. */
export class ComposerWatch {
  private checks: Promise<Checks | null> | null = null;
  private ended = false;
  private readonly heard = (e: Event): void => this.at(e.composedPath()[0]);

  /** bring gives what looks at drafts; null when it cannot be had now. */
  constructor(private readonly bring: () => Promise<Checks | null>) {}

  begin(): void {
    for (const type of ["input", "focusin"]) document.addEventListener(type, this.heard, { capture: true, passive: true });
  }

  end(): void {
    this.ended = true;
    for (const type of ["input", "focusin"]) document.removeEventListener(type, this.heard, { capture: true });
    void this.checks?.then((checks) => checks?.end());
  }

  private at(target: EventTarget | undefined): void {
    if (!isWritable(target as HTMLElement | undefined)) return;
    this.checks ??= this.bring();
    void this.checks.then((checks) => {
      if (!checks) this.checks = null; // the next key asks again
      else if (!this.ended) checks.at(target);
    });
  }
}

function isWritable(el: HTMLElement | undefined): boolean {
  return !!el?.matches && (el.isContentEditable || el.matches("input, textarea"));
}
