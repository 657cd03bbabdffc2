/**
 * Compiles kernel.as and writes it into kernel-bytes.ts as base64, so that worker, page and servers have it without a
 * fetch. `npm run kernel`; with `--print` the text goes to standard output and no file is touched. The same compiler makes
 * the same bytes everywhere: a test compares.
 */
import { readFileSync, writeFileSync } from "node:fs";
import asc from "assemblyscript/asc";

const SOURCE = new URL("kernel.as", import.meta.url);
const TARGET = new URL("kernel-bytes.ts", import.meta.url);
const OPTIONS = [
  ...["-O3", "--noAssert", "--enable", "simd", "--runtime", "stub"],
  // Each operation brings its own memory; the module has none and needs nothing else.
  ...["--importMemory", "--noExportMemory", "--use", "abort="],
];

/** @returns {Promise<Uint8Array>} the module */
async function compile() {
  let module;
  const { error, stderr } = await asc.main(["kernel.ts", "--outFile", "kernel.wasm", ...OPTIONS], {
    // The compiler knows no other extension than .ts, which here would be read by every tool as TypeScript.
    readFile: (name) => (name.endsWith("kernel.ts") ? readFileSync(SOURCE, "utf8") : null),
    writeFile: (_name, contents) => {
      module = contents;
    },
    listFiles: () => [],
  });
  if (error || module === undefined)
    throw new Error(`Cannot compile the kernel: ${stderr.toString()}`, { cause: error });
  return module;
}

/** @param {Uint8Array} module */
function asSource(module) {
  const base64 = Buffer.from(module).toString("base64");
  const lines = base64.match(/.{1,100}/g).map((line) => `  "${line}",`);
  return `/** The module of kernel.as, ${module.length} bytes, as base64. Made by \`npm run kernel\`: do not edit. */
export const KERNEL_BASE64 = [
${lines.join("\n")}
].join("");
`;
}

const source = asSource(await compile());
if (process.argv.includes("--print")) process.stdout.write(source);
else writeFileSync(TARGET, source);
