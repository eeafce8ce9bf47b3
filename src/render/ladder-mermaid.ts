/** A ladder as a Mermaid sequence diagram. */
import { durationText } from "../flow/explain.js";
import { type Ladder, Margins, type PacketRung, SAMPLED } from "./ladder.js";
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
  const margins = new Margins();
  for (const [i, rung] of rungs.entries()) {
    if (i > 0 && rung.since >= PAUSE) lines.push(`  Note over client,server: ${durationText(rung.since)} later`);
    if (rung.kind === "packet") lines.push(packetLine(rung));
    else lines.push(`  Note over ${rung.kind === "call" ? rung.by : "client,server"}: ${safe(rung.text)}`);
    const news = margins.news(rung);
    const mark = rung.states?.sampled ? ` ${SAMPLED}` : "";
    if (news.client !== "") lines.push(`  Note left of client: ${news.client}${mark}`);
    if (news.server !== "") lines.push(`  Note right of server: ${news.server}${mark}`);
    for (const note of rung.notes) lines.push(`  Note over client,server: ${safe(note)}`);
  }
  if (more > 0) lines.push(`  Note over client,server: ${count(more, "more packet")}, not kept`);
  return `${lines.join("\n")}\n`;
}

/** What does not go all the way is dashed; a cross is for what does not arrive, or is bad news. */
function packetLine({ from, way, isError, text }: PacketRung): string {
  const to = from === "client" ? "server" : "client";
  const arrow =
    way === "lost" ? "-x" : way === "held" ? "--)" : `${way === "late" ? "--" : "-"}${isError ? "-x" : ">>"}`;
  const what = { whole: "", lost: " (lost)", held: " (held back)", late: " (arrives late)" }[way];
  return `  ${from}${arrow}${to}: ${safe(text)}${what}`;
}

/** `#` starts an entity there, `;` ends a statement. */
function safe(text: string): string {
  return text.replace(/[#;]/g, (sign) => `#${sign.charCodeAt(0)};`);
}
