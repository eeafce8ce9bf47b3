// npm run test:corpus [-- DIR]: holds decoding to the captures and field dumps in DIR, by default ../shared/corpus.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";

const folder = resolve(process.argv[2] ?? "../shared/corpus");
if (!existsSync(`${folder}/MANIFEST.tsv`)) {
  console.error(`There is no corpus in ${folder}: name a folder with captures/, golden/ and MANIFEST.tsv.`);
  process.exit(1);
}
const { status } = spawnSync("npx", ["vitest", "run", "--project", "corpus"], {
  stdio: "inherit",
  // Only of the project's own corpus is it known what occurs in it
  env: { ...process.env, ...(process.argv[2] && { CORPUS: folder }) },
});
process.exit(status ?? 1);
