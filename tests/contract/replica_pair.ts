/**
 * A small server of its own with a replica, each on a free port, both gone at the end.
 *
 * @module
 */

import type { ServerTarget } from "../../src/db/target.ts";
import { run, temporaryFolder } from "../support.ts";

export interface ReplicaPair extends AsyncDisposable {
  readonly primary: ServerTarget;
  readonly replica: ServerTarget;
  stopReplica(): Promise<void>;
}

/** Where the programs of the newest PostgreSQL are; `undefined` when there is none. */
function postgresPrograms(): string | undefined {
  try {
    const versions = [...Deno.readDirSync("/usr/lib/postgresql")].map(({ name }) => Number(name));
    return `/usr/lib/postgresql/${Math.max(...versions)}/bin`;
  } catch {
    return undefined;
  }
}

function mariadbProgram(): string | undefined {
  return ["/usr/sbin/mariadbd", "/usr/bin/mariadbd", "/usr/libexec/mariadbd"].find((file) => {
    try {
      return Deno.statSync(file).isFile;
    } catch {
      return false;
    }
  });
}

export const programs = { postgres: postgresPrograms(), mariadb: mariadbProgram() } as const;

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** As the user of the servers, which refuse to be run by root. */
function asUser(user: string, command: readonly string[]): readonly [string, readonly string[]] {
  const [program = "", ...args] = command;
  return Deno.uid() === 0 ? ["runuser", ["-u", user, "--", program, ...args]] : [program, args];
}

async function must(user: string, ...command: readonly string[]): Promise<void> {
  const [program, args] = asUser(user, command);
  const { code, out, err } = await run(program, args, { cwd: "/" });
  if (code !== 0) throw new Error(`${command.join(" ")}: ${out}${err}`);
}

async function folderFor(user: string): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await temporaryFolder();
  await Deno.chmod(folder.path, 0o755);
  if (Deno.uid() === 0) await must("root", "chown", user, folder.path);
  return folder;
}

function targetAt(dialect: "postgresql" | "mysql", port: number, user: string, database: string): ServerTarget {
  const label = `${dialect}://${user}@127.0.0.1:${port}/${database}`;
  return { dialect, host: "127.0.0.1", port, user, database, tls: { mode: "disable" }, options: {}, label };
}

/** PostgreSQL with a streaming replica. */
export async function postgresPair(): Promise<ReplicaPair> {
  const bin = programs.postgres ?? "";
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await folderFor("postgres"));
  const postgres = (...command: readonly string[]) => must("postgres", ...command);
  const ports = { primary: freePort(), replica: freePort() };
  const stop = (name: "primary" | "replica") =>
    postgres(`${bin}/pg_ctl`, "-D", `${path}/${name}`, "-m", "immediate", "-w", "stop");
  const start = async (name: "primary" | "replica") => {
    const options = `-p ${ports[name]} -k ${path} -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=16MB ` +
      "-c max_connections=20 -c wal_receiver_status_interval=1s";
    await postgres(`${bin}/pg_ctl`, "-D", `${path}/${name}`, "-l", `${path}/${name}.log`, "-w", "start", "-o", options);
  };
  await postgres(`${bin}/initdb`, "-N", "-D", `${path}/primary`, "-U", "postgres", "-E", "UTF8", "-A", "trust");
  await start("primary");
  stack.defer(() => stop("primary"));
  await postgres(
    ...[`${bin}/pg_basebackup`, "-h", "127.0.0.1", "-p", String(ports.primary), "-U", "postgres", "-N", "-R"],
    ...["-c", "fast", "-D", `${path}/replica`, "-d", "application_name=standby1"],
  );
  await start("replica");
  let running = true;
  const stopReplica = async () => {
    if (running) await stop("replica");
    running = false;
  };
  stack.defer(stopReplica);
  const kept = stack.move();
  return {
    primary: targetAt("postgresql", ports.primary, "postgres", "postgres"),
    replica: targetAt("postgresql", ports.replica, "postgres", "postgres"),
    stopReplica,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** MariaDB with a replica. */
export async function mariadbPair(): Promise<ReplicaPair> {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await folderFor("mysql"));
  const mysql = (...command: readonly string[]) => must("mysql", ...command);
  const ports = { primary: freePort(), replica: freePort() };
  await mysql(
    ...["mariadb-install-db", "--no-defaults", `--datadir=${path}/primary`, "--skip-test-db"],
    ...["--auth-root-authentication-method=normal", "--innodb-log-file-size=8M"],
  );
  await mysql("cp", "-r", `${path}/primary`, `${path}/replica`);
  const client = (name: "primary" | "replica", statements: string) =>
    mysql("mariadb", "--no-defaults", "-S", `${path}/${name}.sock`, "-u", "root", "-e", statements);
  const start = async (name: "primary" | "replica") => {
    const [program, args] = asUser("mysql", [
      ...[programs.mariadb ?? "", "--no-defaults", `--datadir=${path}/${name}`, `--port=${ports[name]}`],
      ...["--bind-address=127.0.0.1", `--socket=${path}/${name}.sock`, `--log-bin=${path}/${name}/log`],
      ...[`--server-id=${name === "primary" ? 1 : 2}`, "--innodb-log-file-size=8M", "--innodb-buffer-pool-size=16M"],
      ...["--innodb-flush-log-at-trx-commit=0", `--log-error=${path}/${name}.log`, `--pid-file=${path}/${name}.pid`],
    ]);
    const child = new Deno.Command(program, {
      args: [...args],
      cwd: "/",
      stdin: "null",
      stdout: "null",
      stderr: "null",
    })
      .spawn();
    for (let tries = 1;; tries++) {
      try {
        await client(name, "select 1");
        return child;
      } catch (error) {
        if (tries === 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  };
  const stop = async (name: "primary" | "replica", child: Deno.ChildProcess) => {
    await must("root", "kill", "-9", (await Deno.readTextFile(`${path}/${name}.pid`)).trim());
    await child.status;
  };
  const primary = await start("primary");
  stack.defer(() => stop("primary", primary));
  const replica = await start("replica");
  let running = true;
  const stopReplica = async () => {
    if (running) await stop("replica", replica);
    running = false;
  };
  stack.defer(stopReplica);
  const user = "set sql_log_bin = 0; create user 'tester'@'%'; grant all on *.* to 'tester'@'%' with grant option";
  await Promise.all([client("primary", user), client("replica", user)]);
  await client(
    "replica",
    `change master to master_host='127.0.0.1', master_port=${ports.primary}, master_user='tester',
      master_use_gtid=slave_pos; start slave`,
  );
  const kept = stack.move();
  return {
    primary: targetAt("mysql", ports.primary, "tester", "mysql"),
    replica: targetAt("mysql", ports.replica, "tester", "mysql"),
    stopReplica,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
