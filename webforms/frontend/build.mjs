// Builds what the browser and the expression sandbox load. Run by `make`; by hand: python3 tools/bootstrap.py npm run build
//
//   webforms/frontend/app.scss       → webforms/static/app.css
//   webforms/frontend/*.js           → webforms/static/*.js     (each file is a page's script)
//   webforms/frontend/assets/        → webforms/static/assets/  (as it is)
//   engine/feel/bridge.mjs           → engine/feel/feel.js      (one script, for the sandbox)
//   tests/browser/modeller/*.js      → tests/browser/modeller/built/

import { build } from "esbuild";
import { compile } from "sass";
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";

const require = createRequire(import.meta.url);
process.chdir(resolve(import.meta.dirname, "../.."));

const sources = "webforms/frontend";
const scripts = (folder) => readdirSync(folder).filter((name) => name.endsWith(".js")).map((name) => `${folder}/${name}`);

// bpmn.io's style sheets carry their icon font as a data: address, which our Content-Security-Policy refuses; each has a
// sibling without "-embedded" that names a file.
const fontsAsFiles = {
  name: "fonts-as-files",
  setup(it) {
    it.onResolve({ filter: /-embedded\.css$/ }, ({ path, resolveDir }) => {
      const sibling = path.replace("-embedded", "");
      return { path: path.startsWith(".") ? resolve(resolveDir, sibling) : require.resolve(sibling, { paths: [resolveDir] }) };
    });
  },
};

const forBrowsers = {
  bundle: true, minify: true, target: "es2022", charset: "utf8", legalComments: "linked", logLevel: "warning",
  assetNames: "assets/[name]", plugins: [fontsAsFiles],
  loader: { ".woff": "file", ".woff2": "file", ".ttf": "file", ".svg": "file", ".png": "file", ".eot": "empty" },
};

/** Fills a new folder and puts it in the old one's place, so that nobody is served half a build. */
async function into(folder, fill) {
  const fresh = `${folder}.part`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  await fill(fresh);
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
}

await into("webforms/static", async (out) => {
  const style = compile(`${sources}/app.scss`, { loadPaths: ["node_modules"], style: "compressed", quietDeps: true });
  writeFileSync(`${out}/app.css`, style.css);
  await build({ ...forBrowsers, entryPoints: scripts(sources), outdir: out, format: "esm" });
  if (existsSync(`${sources}/assets`)) cpSync(`${sources}/assets`, `${out}/assets`, { recursive: true });
});

if (existsSync("engine/feel/bridge.mjs")) {
  await build({
    entryPoints: ["engine/feel/bridge.mjs"], outfile: "engine/feel/feel.js",
    bundle: true, minify: true, format: "iife", target: "es2022", legalComments: "inline", logLevel: "warning",
  });
} else {
  console.log("[setup] no engine/feel/bridge.mjs yet: no expressions");
}

const modeller = "tests/browser/modeller";   // Camunda's own editor, to see that it opens our diagrams: a development package
if (existsSync(modeller) && existsSync("node_modules/camunda-bpmn-js")) {
  await into(`${modeller}/built`, (out) => build({ ...forBrowsers, entryPoints: scripts(modeller), outdir: out, format: "iife" }));
}
