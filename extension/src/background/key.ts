// The key of this browser profile. It is made once, lies in IndexedDB, and cannot be taken out, not even by the extension: it
// can only sign.

const parameters = { name: "ECDSA", namedCurve: "P-256" } as const;

let pair: Promise<CryptoKeyPair> | undefined;

function keyPair(): Promise<CryptoKeyPair> {
  pair ??= load();
  return pair;
}

async function load(): Promise<CryptoKeyPair> {
  const database = await open();
  const known = (await done(database.transaction("keys").objectStore("keys").get("profile"))) as CryptoKeyPair | undefined;
  const key = known ?? (await make(database));
  database.close();
  return key;
}

async function make(database: IDBDatabase): Promise<CryptoKeyPair> {
  const key = await crypto.subtle.generateKey(parameters, false, ["sign", "verify"]);
  await done(database.transaction("keys", "readwrite", { durability: "strict" }).objectStore("keys").put(key, "profile"));
  return key;
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open("keyshift", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("keys");
  return done(request);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** The public key: an uncompressed point, in base64url. */
export async function publicKey(): Promise<string> {
  return base64url(await crypto.subtle.exportKey("raw", (await keyPair()).publicKey));
}

/** A signature in the form of IEEE P1363, in base64url. */
export async function sign(data: Uint8Array<ArrayBuffer>): Promise<string> {
  return base64url(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, (await keyPair()).privateKey, data));
}

export function base64url(data: ArrayBuffer): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(data)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
