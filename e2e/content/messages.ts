// Judges samples of messages as the extension does: what does not pass is dropped there.
import { check, shapes } from "../../extension/src/gen/messages";

interface Sample {
  type: string;
  message: unknown;
}

/** Whether each sample is taken. */
function verdicts(samples: readonly Sample[]): boolean[] {
  return samples.map(({ type, message }) => Object.hasOwn(shapes, type) && check(type as keyof typeof shapes, message) === undefined);
}

Object.assign(globalThis, { verdicts });
