/** One thing that a program did to the files of a folder, or one line that it printed, in their order. */
export type DiskOp =
  | { readonly kind: "create"; readonly path: string }
  | { readonly kind: "empty"; readonly path: string }
  | { readonly kind: "write"; readonly path: string; readonly bytes: Buffer; readonly at?: number }
  | { readonly kind: "cut"; readonly path: string; readonly size: number }
  | { readonly kind: "sync"; readonly path: string }
  | { readonly kind: "rename"; readonly path: string; readonly to: string }
  | { readonly kind: "remove"; readonly path: string }
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "said"; readonly text: string };

const CALL = /^(\w+)\((.*)\)\s+= (-?\d+|\?)/s;
const PROCESS = /^(\d+) +(.*)$/s;
const RESUMED = /^<\.\.\. (\w+) resumed>(.*)$/s;
const UNFINISHED = / <unfinished \.\.\.>$/;
/** Standard output. */
const STDOUT = 1;

/** The system calls that `strace` is asked to write down: all that change files. */
export const TRACED_CALLS =
  "open,openat,creat,write,pwrite64,writev,pwritev,ftruncate,truncate,fallocate,fsync,fdatasync," +
  "rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,link,linkat,symlink," +
  "copy_file_range,sendfile";

/**
 * What a trace (`strace -f -y -xx`) says of the files below a folder. A call counts from the moment at
 * which it ended. Throws on calls that no code of ours makes, rather than passing them over.
 */
export function parseTrace(trace: string, folder: string): DiskOp[] {
  const begun = new Map<string, string>();
  const ops: DiskOp[] = [];
  for (const line of trace.split("\n")) {
    const [, pid = "", rest = ""] = PROCESS.exec(line) ?? [];
    if (UNFINISHED.test(rest)) {
      begun.set(pid, rest.replace(UNFINISHED, ""));
      continue;
    }
    const resumed = RESUMED.exec(rest);
    const whole = resumed ? `${begun.get(pid) ?? ""}${resumed[2] ?? ""}` : rest;
    const [, name = "", args = "", result = ""] = CALL.exec(whole) ?? [];
    if (name === "" || Number(result) < 0 || result === "?") continue;
    const op = opOf(name, args, Number(result), folder);
    if (op) ops.push(...op);
  }
  return ops;
}

/** Arguments as strace shows them, each text decoded. */
function textsOf(args: string): Buffer[] {
  return [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = ""]) =>
    Buffer.from(hex.replaceAll("\\x", ""), "hex"),
  );
}

/** The file that a descriptor stands for: `18<path>`. */
function fileOf(args: string): { readonly number: number; readonly path: string } {
  const [, number = "", hex = ""] = /^(\d+|AT_FDCWD)<((?:\\x[0-9a-f]{2})*)>/.exec(args) ?? [];
  return { number: Number(number), path: Buffer.from(hex.replaceAll("\\x", ""), "hex").toString() };
}

function opOf(name: string, args: string, result: number, folder: string): DiskOp[] | undefined {
  const below = (path: string): string | undefined =>
    path.startsWith(`${folder}/`)
      ? path.slice(folder.length + 1)
      : path === folder
        ? ""
        : undefined;
  const texts = textsOf(args);
  const named = (i: number): string | undefined => below(texts[i]?.toString() ?? "");
  const file = fileOf(args);
  const held = below(file.path);
  switch (name) {
    case "open":
    case "openat":
      return opened(named(0), args);
    case "write":
    case "pwrite64": {
      const bytes = texts[0]?.subarray(0, result) ?? Buffer.alloc(0);
      if (file.number === STDOUT) return [{ kind: "said", text: bytes.toString() }];
      if (held === undefined) return undefined;
      const at = name === "pwrite64" ? { at: Number(/, (\d+)$/.exec(args)?.[1]) } : {};
      return [{ kind: "write", path: held, bytes, ...at }];
    }
    case "ftruncate":
      return held === undefined ? undefined : [{ kind: "cut", path: held, size: sizeIn(args) }];
    case "fsync":
    case "fdatasync":
      return held === undefined ? undefined : [{ kind: "sync", path: held }];
    case "rename":
    case "renameat":
    case "renameat2": {
      const [path, to] = [named(0), named(1)];
      return path === undefined || to === undefined ? undefined : [{ kind: "rename", path, to }];
    }
    case "unlink":
    case "unlinkat":
    case "rmdir":
      return named(0) === undefined ? undefined : [{ kind: "remove", path: named(0) ?? "" }];
    case "mkdir":
    case "mkdirat":
      return named(0) === undefined ? undefined : [{ kind: "folder", path: named(0) ?? "" }];
    default: {
      const touches = held !== undefined || named(0) !== undefined;
      if (touches) throw new Error(`the crash sweep does not know what ${name} does`);
      return undefined;
    }
  }
}

function sizeIn(args: string): number {
  return Number(/, (\d+)$/.exec(args)?.[1]);
}

function opened(path: string | undefined, args: string): DiskOp[] | undefined {
  if (path === undefined) return undefined;
  const ops: DiskOp[] = [];
  // Whether the file was there already is for the model to know.
  if (args.includes("O_CREAT")) ops.push({ kind: "create", path });
  if (args.includes("O_TRUNC")) ops.push({ kind: "empty", path });
  return ops;
}
