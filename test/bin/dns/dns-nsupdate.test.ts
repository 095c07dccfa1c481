import { execFile } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { tempFolder } from "../../support/temp-folder.ts";

const EXAMPLE = new URL("../../../docs/examples/dns-nsupdate", import.meta.url).pathname;

/** Prints what the file named by the last two of its arguments, name and type, says. */
const DIG = `#!/bin/sh
shift 3
[ -e "$(dirname "$0")/$1$2.fails" ] && exit 9
cat "$(dirname "$0")/$1$2" 2>/dev/null || exit 0
`;
const NSUPDATE = `#!/bin/sh
cat > "$(dirname "$0")/updates"
`;

/** Runs the example where the name server knows these records, by name and type. */
async function run(records: Record<string, string>, fails: readonly string[] = []) {
  const folder = tempFolder();
  for (const [tool, text] of Object.entries({ dig: DIG, nsupdate: NSUPDATE })) {
    writeFileSync(join(folder, tool), text);
    chmodSync(join(folder, tool), 0o755);
  }
  for (const [key, text] of Object.entries(records)) writeFileSync(join(folder, key), `${text}\n`);
  for (const key of fails) writeFileSync(join(folder, `${key}.fails`), "");
  const env = {
    PATH: [folder, process.env["PATH"]].join(delimiter),
    HEARTH_SERVER_NAME: "example.org",
    HEARTH_SERVING: "attic cellar",
    HEARTH_DARK: "kitchen",
  };
  const running = promisify(execFile)("/bin/sh", [EXAMPLE], { env });
  const stderr = await running.then(
    () => undefined,
    (error: { code: number; stderr: string }) => `${error.code}: ${error.stderr}`,
  );
  const updates = join(folder, "updates");
  return { stderr, updates: existsSync(updates) ? readFileSync(updates, "utf8") : undefined };
}

const ATTIC = {
  "attic.example.org.A": "router.attic.example.\n192.0.2.1",
  "attic.example.org.AAAA": "router.attic.example.\n2001:db8::1",
};
const CELLAR = { "cellar.example.org.A": "192.0.2.2\n192.0.2.3" };

test("the example lists all addresses of the boxes that serve, in place of what was listed", async () => {
  expect(await run({ ...ATTIC, ...CELLAR })).toEqual({
    stderr: undefined,
    updates: `server ns1.example.org
update delete example.org. A
update delete example.org. AAAA
update add example.org. 60 A 192.0.2.1
update add example.org. 60 AAAA 2001:db8::1
update add example.org. 60 A 192.0.2.2
update add example.org. 60 A 192.0.2.3
send
`,
  });
});

test("the example changes nothing where a box that serves has no address", async () => {
  expect(await run(ATTIC)).toEqual({
    stderr: "1: cellar.example.org. has no address\n",
    updates: undefined,
  });
});

test("the example changes nothing where a look-up fails", async () => {
  expect(await run({ ...ATTIC, ...CELLAR }, ["attic.example.org.AAAA"])).toEqual({
    stderr: "1: the AAAA records of attic.example.org. could not be looked up\n",
    updates: undefined,
  });
});
