/**
 * A container image without a container engine: the root file system that a Dockerfile describes, built by hand from its
 * steps as they are written, and a process in it as an engine would start it.
 *
 * @module
 */

import { run } from "../support.ts";

/** What an image says besides its files. */
export interface Image {
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly workdir: string;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly labels: string;
}

export interface Build {
  /** The folder of the build's context. */
  readonly context: string;
  /** The text of `.dockerignore`. */
  readonly ignored?: string;
  /** Values of `ARG`s that the builder knows. */
  readonly args?: Readonly<Record<string, string>>;
  /** What stands for an image that `FROM` names: its files are at {@link Image.root} already. */
  base(name: string): Promise<Image> | Image;
}

/** Does each step of a Dockerfile. @throws for a step that this does not know */
export async function buildImage(dockerfile: string, build: Build): Promise<Image> {
  let image: Image | undefined;
  const args = new Map<string, string>();
  for (const [step, rest] of stepsOf(dockerfile)) {
    const value = rest.replace(/\$\{(\w+)\}/g, (whole, name) => args.get(name) ?? whole);
    if (step === "FROM") {
      image = await build.base(value);
      continue;
    }
    if (image === undefined) throw new RangeError(`${step} before FROM`);
    image = await takeStep(image, step, value, { build, args });
  }
  if (image === undefined) throw new RangeError("no FROM");
  return image;
}

/** The steps, with their lines joined, and without comments. */
function stepsOf(dockerfile: string): [string, string][] {
  const text = dockerfile.replace(/^\s*#.*\n/gm, "").replace(/\\\n\s*/g, "");
  return text.split("\n").filter((line) => line.trim() !== "").map((line) => {
    const [step = "", ...rest] = line.trim().split(" ");
    return [step, rest.join(" ").trim()];
  });
}

async function takeStep(
  image: Image,
  step: string,
  value: string,
  { build, args }: { build: Build; args: Map<string, string> },
): Promise<Image> {
  switch (step) {
    case "ARG": {
      const known = build.args?.[value];
      if (known === undefined) throw new RangeError(`ARG ${value}`);
      args.set(value, known);
      return image;
    }
    case "LABEL":
      return { ...image, labels: value };
    case "USER":
      return { ...image, user: value };
    case "WORKDIR":
      await Deno.mkdir(`${image.root}${value}`, { recursive: true });
      return { ...image, workdir: value };
    case "ENTRYPOINT":
      // a new entry point forgets the command of the base
      return { ...image, entrypoint: JSON.parse(value), cmd: [] };
    case "CMD":
      return { ...image, cmd: JSON.parse(value) };
    case "COPY":
      await copy(image, value, build);
      return image;
    case "HEALTHCHECK":
      if (value === "NONE") return image;
  }
  throw new RangeError(`step ${step} ${value}`);
}

async function copy({ root, workdir }: Image, value: string, { context, ignored = "" }: Build): Promise<void> {
  const words = value.split(" ");
  const mode = /^--chmod=(\d+)$/.exec(words[0] ?? "")?.[1];
  const paths = mode === undefined ? words : words.slice(1);
  const target = paths.pop() ?? "";
  const absolute = target.startsWith("/") ? `${root}${target}` : `${root}${workdir}/${target}`;
  for (const path of paths) {
    if (isIgnored(path, ignored)) throw new Deno.errors.NotFound(`${path} is not in the context of the build`);
    const intoFolder = target.endsWith("/");
    const to = intoFolder ? `${absolute}${path.replace(/^.*\//, "")}` : absolute;
    await Deno.mkdir(to.replace(/\/[^/]*$/, ""), { recursive: true });
    // of a folder its content is copied
    const isFolder = (await Deno.stat(`${context}/${path}`)).isDirectory;
    if (isFolder) await Deno.mkdir(absolute, { recursive: true });
    const ran = await run("cp", [
      "-r",
      isFolder ? `${context}/${path}/.` : `${context}/${path}`,
      isFolder ? absolute : to,
    ]);
    if (ran.code !== 0) throw new Error(ran.err);
    if (mode !== undefined) await Deno.chmod(to, parseInt(mode, 8));
  }
}

/** Whether `.dockerignore` keeps a path out; of its patterns only `*` and whole paths are known. */
function isIgnored(path: string, text: string): boolean {
  let ignored = false;
  for (const line of text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))) {
    if (line === "*" || line === path) ignored = true;
    else if (line === `!${path}`) ignored = false;
  }
  return ignored;
}

/** A base that has the libraries that `ldd` names, and nothing else. */
export async function bareBase(root: string, executable: string): Promise<Image> {
  await Deno.mkdir(root, { recursive: true });
  await Deno.chmod(root, 0o755);
  const { out } = await run("ldd", [executable]);
  for (const [library] of out.matchAll(/\/\S+/g)) {
    await Deno.mkdir(`${root}${library.replace(/\/[^/]*$/, "")}`, { recursive: true });
    await Deno.copyFile(library, `${root}${library}`);
  }
  return {
    root,
    env: { PATH: "/usr/local/bin:/usr/bin:/bin" },
    user: "0:0",
    workdir: "/",
    entrypoint: [],
    cmd: [],
    labels: "",
  };
}

export interface Start {
  /** In place of the image's command. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** In place of the image's, as `1000:1000`. */
  readonly user?: string;
  /** A program that runs the rest of its command line, such as `strace`. */
  readonly under?: readonly string[];
}

/** The command line and environment of a process in the image; as root it can choose its root and its user. */
export function containerCommand(image: Image, { args, env, user, under = [] }: Start = {}): Deno.Command {
  const [uid = "", gid = ""] = (user ?? image.user).split(":");
  const command = [...image.entrypoint, ...args ?? image.cmd];
  const enter = ["unshare", `--root=${image.root}`, `--wd=${image.workdir}`, `--setgid=${gid}`, `--setuid=${uid}`];
  const [program = "", ...rest] = [...under, ...enter, "--", ...command];
  return new Deno.Command(program, {
    args: rest,
    clearEnv: true,
    // `unshare` itself is looked for before the environment is that of the image: both have /usr/bin
    env: { ...image.env, ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}
