import { describe, expect, it } from "vitest";
import { asJson, oldHomes, unpackHomes } from "../fixtures/homes.ts";
import { TestUser } from "./support/client.ts";
import { Household } from "./support/household.ts";
import { Program } from "./support/program.ts";
import { TestMesh } from "./support/test-mesh.ts";

describe("homes that an earlier version left behind", () => {
  it.each(oldHomes())(
    "of $version have all that they had, go on, and take new boxes in",
    async (old) => {
      const mesh = await TestMesh.adopt(old.boxes, (folder) => unpackHomes(old.version, folder));
      try {
        const people = Household.from(old.people);
        const { alice, bob, room } = people;
        for (const url of mesh.urls) expect(asJson(await people.seenFrom(url))).toEqual(old.seen);
        // What waited for a device waits still.
        expect(JSON.stringify((await bob.sync(mesh.box(2).url))["to_device"])).toContain(
          "for later",
        );

        const again = await TestUser.logIn(mesh.box(1).url, "bob");
        await again.say(mesh.box(1).url, room, "years later");
        await alice.setState(mesh.box(2).url, room, "m.room.topic", "", { topic: "supper" });
        const third = await mesh.addBox();
        await mesh.untilWhole();
        const seen = await people.seenFrom(third.url);
        for (const url of mesh.urls) expect(await people.seenFrom(url)).toEqual(seen);
        expect(JSON.stringify(asJson(seen))).toContain("years later");

        const verify = new Program("meshctl", ["--home", third.home, "verify"]);
        const { code } = await verify.ended();
        expect(verify.stdout).toMatch(/^Equal/);
        expect(code).toBe(0);
      } finally {
        await mesh.stop();
      }
    },
  );
});
