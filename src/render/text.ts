/** Text made safe and readable. */

/** `text` without anything a terminal would obey: control characters and what is not text become escapes. */
export function printable(text: string): string {
  // C0, DEL, C1; format characters that reorder or hide text (Cf); separators that break lines
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, "0")}`);
}

// What JSON.stringify() does not escape itself
const UNSAFE = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/u;

/** Whether {@link printableJson} changes a text with `text` in it. */
export function needsEscapes(text: string): boolean {
  return UNSAFE.test(text);
}

/** What JSON.stringify() gave, without anything a terminal would obey; it says the same to who parses it. */
export function printableJson(json: string): string {
  return json.replace(new RegExp(UNSAFE, "gu"), (character) =>
    // A character beyond 16 bits is two escapes
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
}

/** `destinationPort` as people write it: destination port. */
export function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

export function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}

/** `1 octet`, `2 octets`. */
export function count(n: number, thing: string): string {
  return `${n} ${thing}${n === 1 ? "" : "s"}`;
}

/** Lines of at most `width`, broken between words where there are any. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
    for (; line.length > width; line = line.slice(width)) lines.push(line.slice(0, width));
  }
  if (line !== "") lines.push(line);
  return lines;
}
