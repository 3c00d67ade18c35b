/** `delembic completions` */

import { EXIT, type ExitCode } from "../errors.ts";
import { command } from "./command.ts";
import { oneOf } from "./command_line.ts";
import { SCRIPTS, SHELLS } from "./completion_scripts.ts";
import { linesOf } from "./text.ts";

export const completions = command({
  description: [
    "Prints a script with which your shell completes commands, options, revisions and sections when you press Tab. The " +
    "script asks the program itself; it reads the ini file and glances at the migrations, without running them or " +
    "connecting to a database.",
    "zsh: into a file '_delembic' in a folder of $fpath, before compinit. PowerShell: into $PROFILE.",
  ],
  arguments: {
    shell: oneOf(SHELLS, "bash, zsh, fish or powershell"),
  },
  options: {},
  examples: [
    { line: "completions bash >> ~/.bashrc", text: "For bash, from the next shell on." },
    { line: "completions zsh > ~/.zfunc/_delembic", text: "For zsh, where ~/.zfunc is in $fpath." },
    { line: "completions fish > ~/.config/fish/completions/delembic.fish", text: "For fish." },
  ],
  run({ output }, { arguments: { shell } }): Promise<ExitCode> {
    const script = SCRIPTS[shell];
    output.result(linesOf(script.trimEnd()));
    output.document({ shell, script });
    return Promise.resolve(EXIT.done);
  },
});
