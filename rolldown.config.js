// What users load, in few and small files: it starts in two thirds of the time that two hundred modules take.
import { readFileSync } from "node:fs";
import { defineConfig } from "rolldown";

/** Folders, and the file that each becomes a part of: who reads packets needs headers, who shows them conversations and hints. */
const CHUNKS = {
  flow: "render",
  hint: "render",
  render: "render",
  craft: "craft",
  demo: "demo",
  link: "link",
  send: "send",
  socket: "socket",
};

/**
 * Commander is taken in: as a package of CommonJS it takes several times as long to load. It could run commands that are programs
 * of their own; there are none, and what starts programs takes long to load, too.
 */
const commander = {
  name: "commander",
  resolveId: (id, importer) =>
    id === "node:child_process" && importer?.includes("/commander/") ? "no-programs" : null,
  load: (id) => (id === "no-programs" ? "export {}" : null),
  generateBundle() {
    const source = readFileSync("node_modules/commander/LICENSE");
    this.emitFile({ type: "asset", fileName: "LICENSE.commander", source });
  },
};

export default defineConfig({
  // Threads of the echo server begin in a file of their own
  input: { index: "dist/index.js", main: "dist/cli/main.js", thread: "dist/echo/thread.js" },
  platform: "node",
  plugins: [commander],
  preserveEntrySignatures: "allow-extension",
  output: {
    // As deep as the folders of dist: the package's own files are found from there
    dir: "dist/bundle",
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    cleanDir: true,
    // Functions and classes keep their names, for whoever reads a stack trace
    minify: { compress: false, mangle: { keepNames: true } },
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [
        // What needs nothing of ours but itself: errors, words and numbers
        {
          name: "errors",
          test: /\/dist\/(errors|arguments|filter\/fault|capture\/file-error|render\/(clock|paint|pen|text)|cli\/failure)\.js$/,
          priority: 1,
        },
        // Both are read where packets are
        { name: "packet", test: /\/dist\/(wire|packet|capture\/(?!live|ring|source|file-output|.*-writer))/ },
        { name: "filter", test: /\/dist\/filter\// },
        // A file for folders that are used as a whole, none of which needs one that needs it (test/architecture.test.ts)
        {
          debugName: "folders",
          name: (id) => CHUNKS[/\/dist\/(\w+)\//.exec(id)?.[1]] ?? null,
        },
        // What nearly every command needs; what those need that show packets
        { name: "commands", test: /\/dist\/cli\/(?!privileges|show|sink|output|ladder)/, minShareCount: 5 },
        { name: "show", test: /\/dist\/cli\/(show|sink|output|ladder)/ },
      ],
    },
  },
});
