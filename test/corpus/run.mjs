// node run.mjs [DIR]: the tests over a corpus, ../shared/corpus or another folder of the same layout.
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

const [directory] = process.argv.slice(2);
const { status } = spawnSync("vitest", ["run", "--project", "corpus"], {
  stdio: "inherit",
  env: { ...process.env, ...(directory && { CORPUS: resolve(directory) }) },
});
process.exit(status ?? 1);
