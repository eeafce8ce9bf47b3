// What users load, in few and small files: it starts in two thirds of the time that two hundred modules take.
import { defineConfig } from "rolldown";

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
        // Words and numbers, without packets
        { name: "text", test: /\/dist\/render\/(clock|paint|pen|text)\.js$/, priority: 1 },
        // A file for each folder that is used as a whole, none of which needs one that needs it (test/architecture.test.ts)
        {
          debugName: "folders",
          name: (id) => /\/dist\/(craft|demo|flow|hint|link|packet|render|send|socket|wire)\//.exec(id)?.[1] ?? null,
        },
        // What nearly every command needs; what those need that show packets
        { name: "commands", test: /\/dist\/cli\/(?!privileges|show|output|summary|ladder)/, minShareCount: 5 },
        { name: "show", test: /\/dist\/cli\/(show|output|summary|ladder)/ },
      ],
    },
  },
});
