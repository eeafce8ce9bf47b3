import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type RuleName, rules } from "../../src/flow/events.js";
import { wiresharkFlags } from "./wireshark.js";

test("the documentation has every rule as it is, and what others call it", () => {
  const page = readFileSync(new URL("../../docs/conversations.md", import.meta.url), "utf8");
  const [, table = ""] = page.split("| rule | when | Wireshark |\n|---|---|---|\n");
  const rows = table.slice(0, table.indexOf("\n\n")).split("\n");
  expect(rows).toEqual(
    Object.entries(rules).map(
      ([rule, when]) =>
        `| ${rule} | ${when} | ${wiresharkFlags[rule as RuleName].map((flag) => `\`${flag}\``).join(", ")} |`,
    ),
  );
});
