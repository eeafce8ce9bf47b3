// What users load, in few and small files: it starts in two thirds of the time that two hundred modules take.
import { defineConfig } from "rolldown";

/** Folders, and the file that each becomes a part of: who reads packets needs headers, who shows them conversations and hints. */
const CHUNKS = {
  wire: "packet",
  packet: "packet",
  flow: "render",
  hint: "render",
  render: "render",
  craft: "craft",
  demo: "demo",
  link: "link",
  send: "send",
  socket: "socket",
};

export default defineConfig({
  // Threads of the echo server begin in a file of their own
  input: { index: "dist/index.js", main: "dist/cli/main.js", thread: "dist/echo/thread.js" },
  platform: "node",
  external: ["commander"],
  preserveEntrySignatures: "allow-extension",
  output: {
    // As deep as the folders of dist: the package's own files are found from there
    dir: "dist/bundle",
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    cleanDir: true,
    // Names stay, for whoever reads a stack trace
    minify: { compress: false, mangle: false },
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [
        // What needs nothing of ours but itself: errors, words and numbers
        {
          name: "errors",
          test: /\/dist\/(errors|filter\/fault|capture\/(arguments|file-error)|render\/(clock|paint|pen|text))\.js$/,
          priority: 1,
        },
        { name: "files", test: /\/dist\/capture\/(?!live|ring|source|file-output|.*-writer)/ },
        { name: "filter", test: /\/dist\/filter\// },
        // A file for folders that are used as a whole, none of which needs one that needs it (test/architecture.test.ts)
        {
          debugName: "folders",
          name: (id) => CHUNKS[/\/dist\/(\w+)\//.exec(id)?.[1]] ?? null,
        },
        // What nearly every command needs; what those need that show packets
        { name: "commands", test: /\/dist\/cli\/(?!privileges|show|output|ladder)/, minShareCount: 5 },
        { name: "show", test: /\/dist\/cli\/(show|output|ladder)/ },
      ],
    },
  },
});
