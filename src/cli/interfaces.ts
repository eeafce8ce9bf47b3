import { printable } from "../render/text.js";
import { interfaces } from "../socket/interfaces.js";

export function interfacesCommand(options: { json?: boolean }): void {
  const all = interfaces();
  if (options.json) {
    for (const device of all) process.stdout.write(`${JSON.stringify(device)}\n`);
    return;
  }
  const rows = all.map((device) => [
    String(device.index),
    printable(device.name),
    device.running ? "up" : device.up ? "no carrier" : "down",
    String(device.mtu),
    device.hardwareAddress || "–",
    device.addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`).join(" ") || "–",
  ]);
  const table = [["#", "NAME", "STATE", "MTU", "HARDWARE ADDRESS", "ADDRESSES"], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  for (const row of table)
    process.stdout.write(`${row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()}\n`); // biome-ignore format: one thought
}
