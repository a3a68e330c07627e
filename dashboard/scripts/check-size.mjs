// Holds the built dashboard to its budget: gzipped bytes of all scripts and all
// styles in dist/assets. It must fail the build when either is over.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = { js: 45_000, css: 8_000 };
const assets = new URL("../dist/assets/", import.meta.url);

let over = false;
for (const [kind, budget] of Object.entries(BUDGET_BYTES)) {
  const size = readdirSync(assets)
    .filter((name) => name.endsWith(`.${kind}`))
    .map((name) => gzipSync(readFileSync(new URL(name, assets)), { level: 9 }).length)
    .reduce((sum, bytes) => sum + bytes, 0);
  const verdict = size > budget ? "OVER BUDGET" : "ok";
  console.log(`${kind.padEnd(3)} ${size} of ${budget} bytes gzipped: ${verdict}`);
  over ||= size > budget;
}
if (over) {
  console.error(
    "The dashboard is over its size budget: take weight out, or argue for a new budget.",
  );
  process.exit(1);
}
