/** A ladder as a Mermaid sequence diagram. */
import { durationText } from "../flow/explain.js";
import type { Ladder } from "./ladder.js";
import { count } from "./text.js";

/** Nanoseconds: a longer pause is shown as one. */
const PAUSE = 1e8;

/** A whole diagram, for a Markdown block of language mermaid. */
export function ladderMermaid({ title, client, server, rungs, more }: Ladder): string {
  const lines = [
    "sequenceDiagram",
    `  title ${safe(title)}`,
    `  participant client as ${safe(client)}`,
    `  participant server as ${safe(server)}`,
  ];
  let states = { client: "", server: "" };
  for (const [i, rung] of rungs.entries()) {
    if (i > 0 && rung.since >= PAUSE) lines.push(`  Note over client,server: ${durationText(rung.since)} later`);
    const to = rung.from === "client" ? "server" : "client";
    lines.push(`  ${rung.from}${rung.isError ? "--x" : "->>"}${to}: ${safe(rung.text)}`);
    if (rung.states) {
      if (rung.states.client !== states.client) lines.push(`  Note left of client: ${rung.states.client}`);
      if (rung.states.server !== states.server) lines.push(`  Note right of server: ${rung.states.server}`);
      states = rung.states;
    }
    for (const note of rung.notes) lines.push(`  Note over client,server: ${safe(note)}`);
  }
  if (more > 0) lines.push(`  Note over client,server: ${count(more, "more packet")}, not kept`);
  return `${lines.join("\n")}\n`;
}

/** `#` starts an entity there, `;` ends a statement. */
function safe(text: string): string {
  return text.replace(/[#;]/g, (sign) => `#${sign.charCodeAt(0)};`);
}
