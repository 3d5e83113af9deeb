// numbers tells the numbers of bank accounts and payment cards from other long numbers, by their check digits.

let lengths: Map<string, number> | undefined;

const readLengths = (): Map<string, number> =>
  new Map(
    ("AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 " +
      "GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 " +
      "MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 " +
      "SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30")
      .split(" ")
      .map((e) => [e.slice(0, 2), Number(e.slice(2))]),
  );

/** The length of the IBAN at the beginning of a text of letters and digits, or 0: ISO 13616, country's length, mod 97. */
export function ibanLength(text: string): number {
  const n = (lengths ??= readLengths()).get(text.slice(0, 2)) ?? 0;
  return n > 0 && text.length >= n && mod97(text.slice(4, n) + text.slice(0, 4)) === 1 ? n : 0;
}

function mod97(text: string): number {
  let rest = 0;
  for (const c of text) rest = Number(`${rest}${parseInt(c, 36)}`) % 97;
  return rest;
}

/** Whether digits are the number of a payment card: a known first digit, 13 to 19 of them, and Luhn's check digit. */
export function isCard(digits: string): boolean {
  return /^(?:3[47]|3[0689]|4|5[0-8]|6|2[2-7])\d*$/.test(digits) && digits.length >= 13 && digits.length <= 19 && !/^(\d)\1+$/.test(digits) && luhn(digits);
}

function luhn(digits: string): boolean {
  let sum = 0;
  [...digits].reverse().forEach((d, i) => {
    const n = Number(d) * (i % 2 ? 2 : 1);
    sum += n > 9 ? n - 9 : n;
  });
  return sum % 10 === 0;
}
