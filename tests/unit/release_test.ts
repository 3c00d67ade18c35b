import { deepEqual, equal, throws } from "node:assert/strict";
import { mainManifest, platformManifest } from "../../tools/npm_package.ts";
import { RELEASE_TARGETS, releaseTarget } from "../../tools/release_targets.ts";
import { type PackageInfo, readPackages, sbom } from "../../tools/sbom.ts";
import { pythonVersion } from "../../tools/wheel.ts";

Deno.test("releaseTarget() knows five systems, and says which", () => {
  equal(RELEASE_TARGETS.length, 5);
  equal(releaseTarget("x86_64-pc-windows-msvc").program, "delembic.exe");
  throws(
    () => releaseTarget("sparc-sun-solaris"),
    /^RangeError: No target 'sparc-sun-solaris'; there are x86_64-unknown-/,
  );
});

Deno.test("pythonVersion() writes versions as PEP 440 does", () => {
  const versions = ["0.1.0", "1.0.0-rc.1", "2.3.4-alpha.5", "2.3.4-beta"].map(pythonVersion);
  deepEqual(versions, ["0.1.0", "1.0.0rc1", "2.3.4a5", "2.3.4b0"]);
  throws(() => pythonVersion("1.0.0+build"), /^RangeError: '1\.0\.0\+build' is no version that Python knows/);
});

Deno.test("mainManifest() depends on exactly the packages of the systems, in its own version", () => {
  const { bin, optionalDependencies } = mainManifest("1.2.3");
  deepEqual(bin, { delembic: "bin/delembic.js" });
  const names = RELEASE_TARGETS.map((target) => platformManifest("1.2.3", target)["name"]);
  deepEqual(optionalDependencies, Object.fromEntries(names.map((name) => [name, "1.2.3"])));
  deepEqual(names.slice(3), ["@delembic/cli-darwin-arm64", "@delembic/cli-win32-x64"]);
  const { os, cpu, libc, version } = platformManifest("1.2.3", releaseTarget("aarch64-unknown-linux-gnu"));
  deepEqual({ os, cpu, libc, version }, { os: ["linux"], cpu: ["arm64"], libc: ["glibc"], version: "1.2.3" });
});

Deno.test("sbom() lists what the imported packages need, without types, and who needs what", () => {
  const info = (name: string, dependencies: string[] = [], license?: string): PackageInfo => ({
    name,
    version: "1.0.0",
    dependencies,
    license,
    integrity: "sha512-AQID",
  });
  const bom = sbom({
    version: "9.9.9",
    denoVersion: "2.9.6",
    madeAt: new Date(Date.UTC(2026, 0, 15)),
    imported: ["@a/b@1.0.0"],
    packages: new Map([
      ["@a/b@1.0.0", info("@a/b", ["c@1.0.0", "@types/node@1.0.0"], "MIT OR Apache-2.0")],
      ["c@1.0.0", info("c", ["@a/b@1.0.0"], "MIT")],
      ["@types/node@1.0.0", info("@types/node", ["undici-types@1.0.0"])],
      ["undici-types@1.0.0", info("undici-types")],
      ["unused@1.0.0", info("unused")],
    ]),
  });
  deepEqual((bom["components"] as unknown[]).slice(1), [
    {
      type: "library",
      "bom-ref": "pkg:npm/%40a/b@1.0.0",
      group: "@a",
      name: "b",
      version: "1.0.0",
      purl: "pkg:npm/%40a/b@1.0.0",
      licenses: [{ expression: "MIT OR Apache-2.0" }],
      hashes: [{ alg: "SHA-512", content: "010203" }],
    },
    {
      type: "library",
      "bom-ref": "pkg:npm/c@1.0.0",
      name: "c",
      version: "1.0.0",
      purl: "pkg:npm/c@1.0.0",
      licenses: [{ license: { id: "MIT" } }],
      hashes: [{ alg: "SHA-512", content: "010203" }],
    },
  ]);
  deepEqual(bom["dependencies"], [
    {
      ref: "pkg:github/delembic/delembic@v9.9.9",
      dependsOn: ["pkg:github/denoland/deno@v2.9.6", "pkg:npm/%40a/b@1.0.0"],
    },
    { ref: "pkg:github/denoland/deno@v2.9.6", dependsOn: [] },
    { ref: "pkg:npm/%40a/b@1.0.0", dependsOn: ["pkg:npm/c@1.0.0"] },
    { ref: "pkg:npm/c@1.0.0", dependsOn: ["pkg:npm/%40a/b@1.0.0"] },
  ]);
});

Deno.test("readPackages() finds what the program imports, with licence and checksum, and no package of the tests", async () => {
  const { packages, imported } = await readPackages();
  const names = imported.map((key) => packages.get(key)?.name);
  for (const name of ["postgres", "mysql2", "commander"]) equal(names.includes(name), true, name);
  for (const name of ["fast-check", "markdown-it", "fflate"]) equal(names.includes(name), false, name);
  for (const key of imported) {
    const { license, integrity } = packages.get(key) ?? {};
    equal(typeof license, "string", key);
    equal(integrity?.startsWith("sha512-"), true, key);
  }
});
