/** Octets from outside as text that says what they are and that no terminal obeys. */

/**
 * Printable ASCII as it is; a backslash, `also` and every other octet with a backslash in front, as three decimal digits
 * where it is no printable character: RFC 1035 §5.1.
 */
export function safeText(octets: Uint8Array, at: number, end: number, also = ""): string {
  let text = "";
  for (let i = at; i < end; i++) {
    const octet = octets[i]!;
    const character = String.fromCharCode(octet);
    if (octet < 0x20 || octet > 0x7e) text += `\\${String(octet).padStart(3, "0")}`;
    else text += character === "\\" || also.includes(character) ? `\\${character}` : character;
  }
  return text;
}
