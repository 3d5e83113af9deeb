// engine finds the screen of a log-in that a page shows, by its site pack: which step, and which inputs a person could
// use right now. It reads only.
import type { Field, Step } from "../gen/pack";
import type { FillPack } from "../internal";
import { findAny } from "./dom";
import { guessScreen } from "./generic";
import { holds } from "./match";
import { type FieldRefusal, refuseField } from "./refuse";
import { type Unusable, unusable } from "./usable";

/** An input of the screen, or the boxes of a code. */
export interface ScreenField {
  value: Field["value"];
  inputs: HTMLInputElement[];
}

/** What the page shows. */
export interface Screen {
  /** The step; null when the page shows none. */
  step: Step | null;
  /** What can be filled now, in this order. */
  fields: ScreenField[];
  /** Why fields that were found are not filled, the first reason. */
  why?: FieldRefusal | Unusable;
}

/** What only the user can do: prove to be a person, have somebody approve elsewhere, press something. */
export type Wait = "human" | "approve" | "choose";

/** What a screen waits for while nothing on it can be filled; null when it is not known to wait. */
export function waitOf(screen: Screen): Wait | null {
  const kind = screen.fields.length === 0 ? screen.step?.kind : undefined;
  return kind === "human" || kind === "approve" || kind === "choose" ? kind : null;
}

/** How many characters the boxes of a code take together, at least and at most. */
const LEAST_BOXES = 4;
const MOST_BOXES = 8;

/** What a page shows, by its pack; of a site of which nothing but its host is known, by what log-ins have in common. */
export function screenOf(pack: FillPack): Screen {
  const isUnknown = pack.network.startsWith("site:") && pack.variants.every((v) => v.kind === "generic");
  return isUnknown ? guessScreen() : findScreen(pack);
}

/** Finds the first step whose page this is and of which a field can be used, or that has no fields. */
function findScreen(pack: FillPack): Screen {
  const none: Screen = { step: null, fields: [] };
  let bare: Step | null = null;
  for (const step of stepsOf(pack)) {
    if (!step.fields?.length) {
      bare ??= step;
      continue;
    }
    const fields = usableFields(step.fields, none);
    if (fields.length > 0) return { step, fields };
  }
  return { ...none, step: bare };
}

function stepsOf(pack: FillPack): Step[] {
  const variants = pack.variants.filter((v) => holds(v.when));
  return variants.flatMap((v) => v.steps).filter((s) => holds(s.when));
}

function usableFields(fields: readonly Field[], notes: Screen): ScreenField[] {
  const found: ScreenField[] = [];
  for (const field of fields) {
    const inputs = inputsOf(field, notes, found[0]?.inputs[0]?.form);
    if (inputs.length > 0) found.push({ value: field.value, inputs });
  }
  return found;
}

/** The inputs of a field: the first that can be used, preferring the form of the fields before, or all boxes. */
function inputsOf(field: Field, notes: Screen, form?: HTMLFormElement | null): HTMLInputElement[] {
  const good = findAny(field.selectors).filter((el): el is HTMLInputElement => el.matches("input") && isGood(el as HTMLInputElement, field, notes));
  const boxes = good.filter((el) => el.maxLength === 1);
  if (field.shape === "boxes") return good.length >= (field.boxes ?? LEAST_BOXES) ? good.slice(0, field.boxes) : [];
  if (field.value === "code" && boxes.length >= LEAST_BOXES) return boxes.slice(0, MOST_BOXES);
  const first = good.find((el) => form && el.form === form) ?? good[0];
  return first ? [first] : [];
}

function isGood(el: HTMLInputElement, field: Field, notes: Screen): boolean {
  const why = refuseField(el, field.value) ?? afterScrolling(el);
  if (why) notes.why ??= why;
  return !why;
}

const scrolled = new WeakSet<Element>();

/** A field below the fold is scrolled to, once; one that stays outside is hidden there. */
function afterScrolling(el: HTMLInputElement): Unusable | undefined {
  const why = unusable(el);
  if (why !== "outside" || scrolled.has(el)) return why;
  scrolled.add(el);
  el.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
  return unusable(el);
}
