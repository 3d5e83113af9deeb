// sha256 is FIPS 180-4 for short texts. The browser's own gives its result only later, which a check of a word cannot wait for.

const firstPrimes = (count: number): number[] => {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((p) => n % p !== 0)) found.push(n);
  return found;
};

/** The first 32 bits of the fraction of a root. */
const fraction = (n: number, root: number): number => {
  const r = n ** (1 / root);
  return ((r - Math.floor(r)) * 0x1_0000_0000) | 0;
};

let constants: { start: number[]; rounds: number[] } | undefined; // pages that nobody writes on do not need them

function fixed(): { start: number[]; rounds: number[] } {
  return (constants ??= { start: firstPrimes(8).map((p) => fraction(p, 2)), rounds: firstPrimes(64).map((p) => fraction(p, 3)) });
}

const turn = (n: number, by: number): number => (n >>> by) | (n << (32 - by));

/** The hash of a text in UTF-8. */
export function sha256(text: string): Uint8Array {
  const state = [...fixed().start];
  const data = padded(new TextEncoder().encode(text));
  for (let at = 0; at < data.byteLength; at += 64) mix(state, data, at);
  const out = new DataView(new ArrayBuffer(32));
  state.forEach((word, i) => out.setInt32(i * 4, word));
  return new Uint8Array(out.buffer);
}

function padded(bytes: Uint8Array): DataView {
  const view = new DataView(new ArrayBuffer(((bytes.length + 8) >> 6) * 64 + 64));
  bytes.forEach((b, i) => view.setUint8(i, b));
  view.setUint8(bytes.length, 0x80);
  view.setUint32(view.byteLength - 4, bytes.length * 8);
  return view;
}

function mix(state: number[], data: DataView, at: number): void {
  const w = schedule(data, at);
  const { rounds } = fixed();
  let [a, b, c, d, e, f, g, h] = state as [number, number, number, number, number, number, number, number];
  for (let i = 0; i < 64; i++) {
    const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + rounds[i]! + w[i]!) | 0;
    const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] = (state[i]! + word) | 0));
}

function schedule(data: DataView, at: number): Int32Array {
  const w = new Int32Array(64);
  for (let i = 0; i < 16; i++) w[i] = data.getInt32(at + i * 4);
  for (let i = 16; i < 64; i++) {
    const [x, y] = [w[i - 15]!, w[i - 2]!];
    const s0 = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
    const s1 = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
    w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
  }
  return w;
}
