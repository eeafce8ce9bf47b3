import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { rules } from "../../src/flow/events.js";

test("the documentation has every rule as it is", () => {
  const page = readFileSync(new URL("../../docs/conversations.md", import.meta.url), "utf8");
  const [, table = ""] = page.split("| rule | when |\n|---|---|\n");
  const rows = table.slice(0, table.indexOf("\n\n")).split("\n");
  expect(rows).toEqual(Object.entries(rules).map(([rule, when]) => `| ${rule} | ${when} |`));
});
