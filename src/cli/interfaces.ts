import { printable, printableJson } from "../render/text.js";
import { type Interface, interfaces } from "../socket/interfaces.js";
import { print } from "./output.js";

export async function interfacesCommand(options: { json?: boolean }): Promise<void> {
  const all = interfaces();
  await print(options.json ? all.map((device) => printableJson(JSON.stringify(device))) : table(all));
}

function table(all: readonly Interface[]): string[] {
  const rows = all.map((device) => [
    String(device.index),
    printable(device.name),
    device.running ? "up" : device.up ? "no carrier" : "down",
    String(device.mtu),
    device.hardwareAddress || "–",
    device.addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`).join(" ") || "–",
  ]);
  const cells = [["#", "NAME", "STATE", "MTU", "HARDWARE ADDRESS", "ADDRESSES"], ...rows];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
}
