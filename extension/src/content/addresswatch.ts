// addresswatch hears when a page goes to another address without being loaded anew.

const POLL = 1_000;

/** The parts of a window that tell; older browsers have no navigation. */
type Navigated = { navigation?: EventTarget };

/** Calls back after each change of the address, until it is ended. */
export class AddressWatch {
  private last = location.href;
  private timer: ReturnType<typeof setInterval> | undefined;
  private readonly look = (): void => {
    if (this.last === location.href) return;
    this.last = location.href;
    this.changed();
  };

  constructor(private readonly changed: () => void) {}

  begin(): void {
    const navigation = (window as Navigated).navigation;
    addEventListener("pageshow", this.look);
    if (navigation) return navigation.addEventListener("currententrychange", this.look);
    for (const type of ["popstate", "hashchange"]) addEventListener(type, this.look);
    this.timer = setInterval(this.look, POLL);
  }

  end(): void {
    (window as Navigated).navigation?.removeEventListener("currententrychange", this.look);
    for (const type of ["popstate", "hashchange", "pageshow"]) removeEventListener(type, this.look);
    clearInterval(this.timer);
  }
}
