#!/usr/bin/env node
// Runs the executable of this system, which is in a package of its own: npm installs the one that fits, and no other.
"use strict";

const { spawn } = require("node:child_process");

const name = `@delembic/cli-${process.platform}-${process.arch}`;
const program = process.platform === "win32" ? "delembic.exe" : "delembic";

function tell(line) {
  process.stderr.write(`${line}\n`);
}

function find() {
  try {
    return require.resolve(`${name}/bin/${program}`);
  } catch {
    tell(`Error: The package ${name} is not installed`);
    tell(
      "Hint: Install @delembic/cli with its optional dependencies (without --omit=optional). There are executables for " +
        "Linux with glibc and macOS on x64 and arm64, and for Windows on x64.",
    );
    return process.exit(1);
  }
}

const child = spawn(find(), process.argv.slice(2), { stdio: "inherit", windowsHide: true });

// A signal for this process is meant for the program, which ends its run in good order. Ctrl-C on a terminal reaches
// both by itself, and a second one would end the run at once.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  });
}

child.on("error", (error) => {
  tell(`Error: Cannot run ${child.spawnfile}: ${error.message}`);
  process.exit(1);
});
child.on("close", (code, signal) => {
  if (signal === null) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
