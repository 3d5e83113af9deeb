// fill types one value into a field and looks whether it stayed. Pages that come to life after they are drawn lose what
// was typed before, so a lost value is typed once more. The value lives in the variables of these functions only.

/** What became of a value. */
export type Outcome = "ok" | "changed_by_page" | "not_visible";

/** When a value is looked at again, in milliseconds from one look to the next: 150 and 500 after typing. */
const LOOKS = [150, 350] as const;

/** How a value gets in: waits are an argument so that nothing here reads a clock. */
export interface Typing {
  /** The field as it is now, or the boxes of a code, one for each character; empty when it may not be typed into. */
  find(): HTMLInputElement[];
  wait(ms: number): Promise<void>;
}

/** Types the value and verifies it, with one more attempt if the page lost it. */
export async function fill(typing: Typing, value: string): Promise<Outcome> {
  const fields = typing.find();
  if (fields.length === 0) return "not_visible";
  write(fields, value);
  let again = true;
  for (const ms of LOOKS) {
    await typing.wait(ms);
    const now = typing.find();
    if (now.length === 0 || holds(now, value)) continue; // the page went on with what it got
    if (!again) return "changed_by_page";
    again = false;
    writeEach(now, value);
  }
  const last = typing.find();
  return last.length === 0 || holds(last, value) ? "ok" : "changed_by_page";
}

/** Whether the fields hold the value; pages may group a code or change the case of a name. */
function holds(fields: readonly HTMLInputElement[], value: string): boolean {
  return plain(fields.map((f) => f.value).join(""), fields[0]!.type) === plain(value, fields[0]!.type);
}

function plain(value: string, type: string): string {
  return type === "password" ? value : value.replace(/[\s-]/g, "").toLowerCase();
}

function write(fields: readonly HTMLInputElement[], value: string): void {
  if (fields.length > 1) paste(fields, value);
  if (!holds(fields, value) && fields.some((f) => f.isConnected)) writeEach(fields, value);
}

/** Most pages with a box per digit spread what is pasted into the first one. */
function paste(boxes: readonly HTMLInputElement[], value: string): void {
  const data = new DataTransfer();
  data.setData("text/plain", value);
  boxes[0]!.focus({ preventScroll: true });
  boxes[0]!.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true, composed: true }));
}

function writeEach(fields: readonly HTMLInputElement[], value: string): void {
  if (fields.length === 1) return type(fields[0]!, value);
  [...value].forEach((digit, i) => fields[i] && type(fields[i], digit));
}

/** Sets a value as a keyboard would: past what frameworks put over the property, and with the events they listen to. */
function type(field: HTMLInputElement, value: string): void {
  field.focus({ preventScroll: true });
  const native = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
  native!.set!.call(field, value);
  field.dispatchEvent(new InputEvent("input", { bubbles: true, composed: true, inputType: "insertReplacementText" }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
}
