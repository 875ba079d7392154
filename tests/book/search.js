// Prints where the built book's search leads: node search.js BOOK TERM…
// For each term, one line with the addresses of its results, the best first. The
// index, the engine and the options are the ones that the book's pages use.
const fs = require("node:fs");
const path = require("node:path");

const [book, ...terms] = process.argv.slice(2);
const load = (start, end) => {
  const file = fs
    .readdirSync(book)
    .find((name) => name.startsWith(start) && name.endsWith(end));
  return fs.readFileSync(path.join(book, file), "utf8");
};
globalThis.window = globalThis;
window.search = {};
// Both are scripts for a page, so they run in the global scope.
(0, eval)(load("elasticlunr", ".js"));
(0, eval)(load("searchindex", ".js"));
const { index, doc_urls, search_options } = window.search;
const engine = elasticlunr.Index.load(index);
for (const term of terms) {
  const results = engine.search(term, search_options);
  console.log(results.map((result) => doc_urls[result.ref]).join(" "));
}
