import { parseDraft } from "../craft/draft.js";
import { hexDump } from "../render/hex.js";
import { craft } from "../send/here.js";
import { type ColourChoice, paintFor } from "./colours.js";
import { print, put } from "./output.js";

export interface HexOptions {
  readonly hex?: boolean;
  readonly raw?: boolean;
  readonly color: ColourChoice;
}

/** Writes the octets of the packet that `draft` makes: as hex digits, as a dump, or themselves. */
export async function hexCommand(draft: string, options: HexOptions): Promise<void> {
  const { octets } = craft(...parseDraft(draft));
  if (options.raw) await put(octets);
  else if (options.hex) await print(hexDump(octets, paintFor(process.stdout, options.color)));
  else await print([Buffer.from(octets).toString("hex")]);
}
