import { expect, it } from "vitest";
import type { Status } from "../../../bin/control/status.ts";
import { renderStatus } from "../../../bin/meshctl/render-status.ts";
import { boxStatus, inMinutes, lostBox, statusOf } from "./status-fixture.ts";

it("shows each box, the mesh, what works and what does not", () => {
  const status = statusOf([boxStatus("attic"), lostBox("kitchen"), lostBox("office")]);
  expect(`\n${renderStatus(status)}\n`).toBe(`
example.org, as seen by attic
clients: https://matrix.example.org

BOX      STATE          BEHIND  DISK    FREE   MEMORY  VERSION  ADDRESS
attic *  up 3 h 12 min  0       1.2 GB  26 GB  143 MB  0.1.0    192.168.1.7:8009
kitchen  DOWN 5 min     12      1.2 GB  26 GB  -       0.1.0    192.168.1.7:8009
office   DOWN 5 min     12      1.2 GB  26 GB  -       0.1.0    192.168.1.7:8009

Mesh: alone. 1 of 3 boxes connected; not connected: kitchen for 5 min, office
      for 5 min.
Journal: 1234 entries, 1.2 MB
Works now:
  logging in, messages, sync, encryption keys, media
Does not work now:
  new user names and room aliases (needs 2 of 3 boxes, only 1 here)
  a second copy of every new message (no other box is connected)
  the same answers from every box (2 boxes are not connected and will catch up)
`);
});

it("fits in 80 columns however long names, addresses and versions are", () => {
  const long = boxStatus("a-box-with-a-name-of-32-letters-", {
    address: "/dns4/a-very-long-name.of-a-box.example.org/tcp/12345",
    version: "10.20.30+0123456-dirty",
    behind: 123_456,
  });
  const lines = renderStatus(statusOf([long, lostBox("b")])).split("\n");
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

it("says for which box the journal is kept, and what the owner can do about it", () => {
  const attic = boxStatus("attic");
  const kitchen = lostBox("kitchen");
  const held = [{ box: kitchen.box, entries: 98_765 }];
  const journal = { entries: 123_456, bytes: 88_000_000, held_max: 200_000, held_for: held };
  const text = renderStatus(statusOf([attic, kitchen], { journal }));
  expect(text).toContain(`
Journal: 123456 entries, 88 MB, since kitchen lacks 98765 of them. A box that
         lacks more than 200000 has to copy everything when it is back. Is one
         gone for good? Remove it: meshctl box remove.
`);
});

it("says how far a box is that copies everything", () => {
  const store = { state: "repairing", note: "copying everything from attic: 43 %" } as const;
  const text = renderStatus(statusOf([boxStatus("kitchen")], { store }));
  expect(text.replaceAll(/\n +/g, " ")).toContain(
    "(this box is copying everything from attic: 43 %)",
  );
});

it("says that a drill is on and how it ends", () => {
  const status = statusOf([boxStatus("a"), lostBox("b")], { isolated_until: inMinutes(4) });
  expect(renderStatus(status)).toContain(
    "isolated for another 4 min. End it now:\n      meshctl drill heal",
  );
});

it("shows a box that nobody has heard of yet", () => {
  const nothing = { up: false, since: null, address: null, version: null, behind: null };
  const status = statusOf([boxStatus("a"), boxStatus("b", nothing)]);
  expect(renderStatus(status)).toMatch(/\nb {2,}DOWN +- /);
  expect(renderStatus(status)).toContain("not connected: b.");
});

it("says when anybody may register", () => {
  const status = statusOf([boxStatus("a")], { registration_open: true });
  expect(renderStatus(status)).toContain("(anybody may register)");
});

it("tells the owner of a removed box how it comes back", () => {
  const status = statusOf([boxStatus("a"), lostBox("b")], { removed: true });
  expect(renderStatus(status)).toContain("This box was removed. To bring it back, join again");
});

it("tells of a disk that fails, and for two months of rot that was mended", () => {
  const at = inMinutes(-90);
  const mended = { what: "table 000005 is gone", at };
  const scrub = { checked: null, trouble: "The disk of this box fails.", mended };
  const shown = (change: Partial<Status>): string =>
    renderStatus(statusOf([boxStatus("a"), boxStatus("b")], { scrub, ...change }));
  expect(shown({})).toContain(`
Disk: The disk of this box fails. Save what is only on it, and replace it.
Disk: table 000005 is gone. It was mended 1 h 30 min ago. A card that rots goes
      on: replace it.
`);
  expect(shown({ now: inMinutes(61 * 24 * 60) })).not.toContain("mended");
  expect(renderStatus(statusOf([boxStatus("a")]))).not.toContain("Disk:");
});

it("says where clients are sent, by whom, and what is wrong with that", () => {
  const [attic, kitchen, office] = [boxStatus("attic"), boxStatus("kitchen"), lostBox("office")];
  const listed = [kitchen.box, attic.box];
  const dns = { keeper: attic.box, listed, problem: "/etc/hearth/dns: no such zone" };
  const text = renderStatus(statusOf([attic, kitchen, office], { dns }));
  expect(text).toContain(`
DNS: clients are sent to attic, kitchen; kept by attic. The last try here
     failed: /etc/hearth/dns: no such zone
`);
  const silent = { keeper: null, listed, problem: null };
  expect(renderStatus(statusOf([attic, kitchen], { dns: silent }))).toContain(`
DNS: clients are sent to attic, kitchen; kept by no box.
`);
});
