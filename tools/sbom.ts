/**
 * Lists what is in the executable, as CycloneDX 1.6: the npm packages that `main.ts` and `mod.ts` load, each with its
 * licence and the checksum of `deno.lock`, and Deno.
 *
 *     deno run -A tools/sbom.ts > dist/delembic.cdx.json
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { HOMEPAGE, projectText, projectVersion } from "./release_targets.ts";

/** What `deno info --json` says of a package. */
export interface PackageInfo {
  readonly name: string;
  readonly version: string;
  /** Keys of other packages. */
  readonly dependencies: readonly string[];
  readonly license: string | undefined;
  /** `sha512-…`, of `deno.lock`. */
  readonly integrity: string | undefined;
}

export interface SbomInput {
  readonly version: string;
  readonly denoVersion: string;
  readonly madeAt: Date;
  readonly packages: ReadonlyMap<string, PackageInfo>;
  /** Keys of the packages that the program itself imports. */
  readonly imported: readonly string[];
}

const SPDX_ID_REGEXP = /^[A-Za-z0-9.+-]+$/;

export function sbom({ version, denoVersion, madeAt, packages, imported }: SbomInput): Record<string, unknown> {
  const keys = reachable(imported, packages);
  const found = keys.flatMap((key) => packages.get(key) ?? []);
  const application = `pkg:github/delembic/delembic@v${version}`;
  const deno = `pkg:github/denoland/deno@v${denoVersion}`;
  const refsOf = (wanted: readonly string[]) =>
    wanted.filter((key) => keys.includes(key)).flatMap((key) => packages.get(key) ?? []).map(purlOf);
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: madeAt.toISOString(),
      lifecycles: [{ phase: "build" }],
      component: {
        type: "application",
        "bom-ref": application,
        name: "delembic",
        version,
        purl: application,
        licenses: [{ license: { id: "MIT" } }],
        externalReferences: [{ type: "website", url: HOMEPAGE }],
      },
    },
    components: [
      {
        type: "platform",
        "bom-ref": deno,
        name: "deno",
        version: denoVersion,
        purl: deno,
        licenses: [{ license: { id: "MIT" } }],
      },
      ...found.map(component),
    ],
    dependencies: [
      { ref: application, dependsOn: [deno, ...refsOf(imported)] },
      { ref: deno, dependsOn: [] },
      ...found.map((info) => ({ ref: purlOf(info), dependsOn: refsOf(info.dependencies) })),
    ],
  };
}

/** Packages of types are gone when the program runs. */
function isTypes(key: string): boolean {
  return key.startsWith("@types/");
}

function reachable(from: readonly string[], packages: ReadonlyMap<string, PackageInfo>): string[] {
  const seen = new Set<string>();
  const visit = (key: string): void => {
    if (seen.has(key) || isTypes(key)) return;
    seen.add(key);
    for (const next of packages.get(key)?.dependencies ?? []) visit(next);
  };
  for (const key of from) visit(key);
  return [...seen].sort();
}

function purlOf({ name, version }: PackageInfo): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

function component(info: PackageInfo): Record<string, unknown> {
  const { name, version, license, integrity } = info;
  const [scope, bare] = name.startsWith("@") ? name.split("/") : [undefined, name];
  return {
    type: "library",
    "bom-ref": purlOf(info),
    ...(scope === undefined ? {} : { group: scope }),
    name: bare,
    version,
    purl: purlOf(info),
    ...(license === undefined
      ? {}
      : { licenses: [SPDX_ID_REGEXP.test(license) ? { license: { id: license } } : { expression: license }] }),
    ...(integrity === undefined ? {} : { hashes: [{ alg: "SHA-512", content: hexOf(integrity) }] }),
  };
}

function hexOf(integrity: string): string {
  return Uint8Array.fromBase64(integrity.replace(/^sha512-/, "")).toHex();
}

/** What `deno info` knows of the packages of one entry of the program. */
interface ModuleInfo {
  readonly modules: readonly { readonly kind?: string; readonly npmPackage?: string }[];
  readonly npmPackages: Readonly<
    Record<string, Pick<PackageInfo, "name" | "version" | "dependencies"> & { readonly localPath: string }>
  >;
}

async function infoOf(entry: string): Promise<ModuleInfo> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: fileURLToPath(new URL("../", import.meta.url)),
    stderr: "inherit",
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** What is known of the packages of the program, from Deno and `deno.lock`. */
export async function readPackages(): Promise<Pick<SbomInput, "packages" | "imported">> {
  const lock: { npm: Record<string, { integrity: string }> } = JSON.parse(await projectText("deno.lock"));
  const packages = new Map<string, PackageInfo>();
  const imported = new Set<string>();
  for (const { modules, npmPackages } of await Promise.all(["main.ts", "mod.ts"].map(infoOf))) {
    for (const { npmPackage } of modules) if (npmPackage !== undefined) imported.add(npmPackage);
    for (const [key, { name, version, dependencies, localPath }] of Object.entries(npmPackages)) {
      const { license } = JSON.parse(await Deno.readTextFile(`${localPath}/package.json`));
      packages.set(key, { name, version, dependencies, license, integrity: lock.npm[key]?.integrity });
    }
  }
  return { packages, imported: [...imported].sort() };
}

/** As https://reproducible-builds.org/specs/source-date-epoch/ has it. */
function buildTime(epoch: string | undefined): Date {
  return epoch === undefined ? new Date() : new Date(Number(epoch) * 1000);
}

if (import.meta.main) {
  const bom = sbom({
    version: await projectVersion(),
    denoVersion: Deno.version.deno,
    madeAt: buildTime(Deno.env.get("SOURCE_DATE_EPOCH")),
    ...await readPackages(),
  });
  await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(bom, null, 2)}\n`));
}
