// npm run build [-- FOLDER [PROGRAM]]: what is deployed. The agent as JavaScript in few files, without the parts of its packages that
// it does not use: it takes less memory than its sources and starts sooner (agent/decisions/0031-what-is-deployed.md). Another
// program of the sources is built in the same way, to be measured as what is deployed.

import { cpSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { type Plugin, rolldown } from "rolldown";

const repository = resolve(import.meta.dirname, "..");
const folder = resolve(process.argv[2] ?? join(repository, "dist"));
const program = resolve(process.argv[3] ?? join(repository, "agent/main.ts"));

/** A thread is started from a file of its own, which stands beside the one that names it. */
const threads: Plugin = {
  name: "threads",
  transform(code, id) {
    return code.replaceAll(/new URL\("(\.\/[\w-]+)\.ts", import\.meta\.url\)/g, (_, file: string) => {
      this.emitFile({ type: "chunk", id: join(dirname(id), `${file}.ts`), fileName: `${basename(file)}.js` });
      return `new URL("${file}.js", import.meta.url)`;
    });
  },
};

/** V8 keeps a text of which one character is beyond Latin-1 in twice the memory. Last of all: what prints the code undoes it. */
const ascii: Plugin = {
  name: "ascii",
  generateBundle(_, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type === "chunk") file.code = file.code.replaceAll(/[^\0-\x7f]/g, escaped);
    }
  },
};

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

rmSync(folder, { recursive: true, force: true });
const bundle = await rolldown({
  input: program,
  platform: "node",
  // It finds its binary from the place of its package.
  external: ["koffi"],
  plugins: [threads, ascii],
});
const { output } = await bundle.write({
  dir: folder,
  entryFileNames: "[name].js",
  chunkFileNames: "[name]-[hash].js",
  // A thread keeps the text of all that it runs.
  comments: { legal: true, annotation: false, jsdoc: false },
});
await bundle.close();
for (const file of output) {
  if (file.type === "chunk" && /new URL\([^)]*\.ts\b/.test(file.code)) {
    throw new Error(`${file.fileName} starts a thread from a source, which is not deployed: name it like the others`);
  }
}
cpSync(join(repository, "agent/web/static"), join(folder, "static"), { recursive: true });
console.log(`built ${output.length} files in ${folder}`);
