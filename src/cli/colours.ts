import { styleText } from "node:util";
import type { Paint, Role } from "../render/paint.js";
import { plain } from "../render/paint.js";

export type ColourChoice = "auto" | "always" | "never";

const styles: Readonly<Record<Role, Parameters<typeof styleText>[0]>> = {
  time: "dim",
  device: "dim",
  address: "cyan",
  port: "bold",
  protocol: "magenta",
  flags: "yellow",
  number: "reset",
  option: "dim",
  payload: "green",
  title: "bold",
  field: "dim",
  problem: "red",
  quiet: "dim",
};

/** Colours for `stream` where a person reads it: none in a pipe, nor where NO_COLOR (no-color.org) is set. */
export function paintFor(stream: NodeJS.WriteStream, choice: ColourChoice = "auto"): Paint {
  const dumb = process.env["TERM"] === "dumb" || (process.env["NO_COLOR"] ?? "") !== "";
  const on = choice === "always" || (choice === "auto" && stream.isTTY === true && !dumb);
  if (!on) return plain;
  // styleText looks the codes up at each call: once a role is enough
  const codes = new Map(
    Object.entries(styles).map(([role, style]) => {
      const [open = "", close = ""] = style === "reset" ? [] : styled(style).split("\0");
      return [role, { open, close }];
    }),
  );
  return (role, text) => {
    const code = codes.get(role);
    return code ? code.open + text + code.close : text;
  };
}

function styled(style: Parameters<typeof styleText>[0]): string {
  // The choice was made above; where Node knows the option, it is told not to make its own
  return styleText(style, "\0", { validateStream: false });
}
