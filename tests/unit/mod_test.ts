import assert from "node:assert/strict";
import { readTemplate, renderTemplate } from "../../src/new_file.ts";
import { run, temporaryFolder } from "../support.ts";

const ROOT = new URL("../../", import.meta.url);

/** Checks a file's types by `deno check`; gives what is wrong with it. */
async function check(cwd: string, file: string, ...flags: readonly string[]): Promise<string> {
  const { code, err } = await run(Deno.execPath(), ["check", "--quiet", ...flags, file], {
    cwd,
    env: { NO_COLOR: "1" },
  });
  assert.equal(code === 0, !err.includes("ERROR"));
  return err;
}

const TYPES = [
  ..."DialectName Row Identifier List Fragment Sql Connection LoadOptions LoadReport LoadRow".split(" "),
  ..."Run MigrationOptions BatchOptions BatchLoadOptions ThrottleOptions Range Migration".split(" "),
  ..."TableName SqlPart BackfillOptions SourceTable CopiedColumns CopyOptions ArchiveOptions".split(" "),
  ..."UpsertOptions UpsertReport SoftReference MergeOptions MergeReport ExpectedCount EndedRun".split(" "),
];
/** What a program needs that runs migrations, and no migration does. */
const OF_PROGRAMS = [
  ..."upgrade downgrade history ProjectOptions RunOptions MigrationEntry MigrationKind MigrationState".split(" "),
  ..."RunReport RunFailure BlockedMigration Block RunEvent EventSink RunStatus Progress Hook".split(" "),
  ..."DelembicError EXIT ErrorOptions ExitCode Fault Place".split(" "),
];
const GENERIC_TYPES = ["Rows", "Query"];
const CLASSES = ["DataMigration"];
const FUNCTIONS = "backfill copyTable archiveRows upsertRows mergeDuplicates assertNoRows assertCount".split(" ");
const ALL = [...TYPES, ...GENERIC_TYPES, ...CLASSES, ...FUNCTIONS];

/** A file that has no error exactly when each type of one module can stand for that of the other, both ways. */
function agreement(ours: string, theirs: string): string {
  const instances = [
    ...[...TYPES, ...CLASSES].map((name) => [name, `A.${name}`, `B.${name}`] as const),
    ...GENERIC_TYPES.map((name) => [name, `A.${name}<{ a: 1 }>`, `B.${name}<{ a: 1 }>`] as const),
    ...FUNCTIONS.map((name) => [name, `typeof A.${name}`, `typeof B.${name}`] as const),
    ...CLASSES.map((name) => [`${name}Class`, `typeof A.${name}`, `typeof B.${name}`] as const),
  ];
  return [
    `import type * as A from ${JSON.stringify(ours)};`,
    `import type * as B from ${JSON.stringify(theirs)};`,
    // assignability alone would let a member pass that is optional on one side
    "type Same<X, Y> = (<T>() => T extends X ? 1 : 2) extends (<T>() => T extends Y ? 1 : 2) ? true : false;",
    "type Keys<X> = { readonly [K in keyof X]: undefined extends X[K] ? 0 : 1 };",
    ...instances.flatMap(([name, a, b]) => [
      `export function ${name}(a: ${a}, b: ${b}): [${b}, ${a}] { return [a, b]; }`,
      `export const ${name}Keys: Same<keyof ${a}, keyof ${b}> = true;`,
      `export const ${name}Optional: Same<Keys<${a}>, Keys<${b}>> = true;`,
    ]),
  ].join("\n");
}

Deno.test("delembic.d.ts has the very types of mod.ts", async () => {
  const ours = new URL("mod.ts", ROOT).href, theirs = new URL("versions_template/delembic.d.ts", ROOT).href;
  await using folder = await temporaryFolder({ "agreement.ts": agreement(ours, theirs) });
  const config = new URL("deno.json", ROOT).pathname;
  assert.equal(await check(folder.path, "agreement.ts", "--config", config), "");
});

Deno.test("delembic.d.ts and mod.ts export the same names, but for those of programs", async () => {
  for (
    const [file, expected] of [["mod.ts", [...ALL, ...OF_PROGRAMS]], ["versions_template/delembic.d.ts", ALL]] as const
  ) {
    const text = await Deno.readTextFile(new URL(file, ROOT));
    const listed = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names = ""]) =>
      names.split(",").map((name) => name.replace(/^\s*type /, ""))
    );
    const declared = [...text.matchAll(/^export (?:abstract class|interface|type|(?:async )?function) (\w+)/gm)].map((
      [, name = ""],
    ) => name);
    const names = [...listed.map((name) => name.trim()).filter((name) => name !== ""), ...declared];
    assert.deepEqual(names.sort(), [...expected].sort());
  }
});

Deno.test("delembic.d.ts is right by itself, and gives new migrations their types without anything installed", async () => {
  const template = await readTemplate("ts", "/no/such/folder");
  await using folder = await temporaryFolder({
    "delembic.d.ts": await Deno.readTextFile(new URL("versions_template/delembic.d.ts", ROOT)),
    "versions/D001.ts": renderTemplate("ts", template, { revision: "D001", dependsOn: [], description: "x" }),
    "versions/D002.ts": `// @ts-types="../delembic.d.ts"
import { DataMigration } from "delembic";
import type { Connection, Run } from "../delembic.d.ts";
export default class LoadPerson extends DataMigration {
  override readonly revision = "D002";
  override readonly dependsOn = ["D001"];
  override async upgrade({ sql, one, stream }: Connection, run: Run) {
    await sql\`insert into \${sql.id("person")} select * from (\${sql\`select 1\`}) t where a in (\${sql.list([1, run.attempt])})\`;
    const { n } = await one<{ n: number }>\`select count(*) as n from person\`;
    for await (const row of stream<{ id: bigint }>\`select id from person\`) run.log(\`\${row.id} of \${n}\`);
  }
}
`,
    "versions/D003.ts": `import type { Migration } from "../delembic.d.ts";
export default { revision: 3, upgrade(conn) { conn.sqll\`x\`; } } satisfies Migration;
`,
  });
  assert.equal(await check(folder.path, "delembic.d.ts", "--no-config"), "");
  assert.equal(await check(folder.path, "versions/D001.ts", "--no-config"), "");
  assert.equal(await check(folder.path, "versions/D002.ts", "--no-config"), "");
  const errors = await check(folder.path, "versions/D003.ts", "--no-config");
  assert.match(errors, /Type 'number' is not assignable to type 'string'/);
  assert.match(errors, /Property 'sqll' does not exist on type 'Connection'. Did you mean 'sql'\?/);
});

Deno.test("the check of the types would find a difference", async () => {
  const text = await Deno.readTextFile(new URL("versions_template/delembic.d.ts", ROOT));
  const changes: readonly (readonly [string, string])[] = [
    ["readonly attempt: number;", "readonly attempt: string;"],
    ["  log(message: string): void;\n", ""],
    ["readonly description?: string;\n  upgrade", "readonly description: string;\n  upgrade"],
  ];
  for (const [from, to] of changes) {
    assert.ok(text.includes(from));
    await using folder = await temporaryFolder({
      "changed.d.ts": text.replace(from, to),
      "agreement.ts": agreement(new URL("mod.ts", ROOT).href, "./changed.d.ts"),
    });
    const config = new URL("deno.json", ROOT).pathname;
    assert.match(await check(folder.path, "agreement.ts", "--config", config), /TS2322/);
  }
});
