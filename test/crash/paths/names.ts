import { parseAnswer } from "../../../mesh/claims/register.ts";
import type { Answer, Question } from "../../../mesh/claims/register.ts";
import { boxOnDisk } from "../../support/box-on-disk.ts";
import { MemoryNetwork } from "../../support/memory-network.ts";
import { TEST_SERVER } from "../../support/one-box.ts";
import { homeWith, OTHER, inSoundBox } from "../storage-path.ts";
import type { Promised, StoragePath } from "../storage-path.ts";

export const names: StoragePath = {
  name: "names that are given away",
  prepare: (home) => homeWith(home, 1),
  run: async (home, promise) => {
    const box = await boxOnDisk(home);
    for (let i = 0; i < 4; i++) {
      const name = `@user${i}:${TEST_SERVER}`;
      await box.services.claims.claim("user", name, "its owner");
      promise({ name, owner: "its owner" });
    }
    await box.stop();
  },
};

/** Beyond every round of the path. */
const LATE_ROUND = 1000;

/** Asks a box for its vote, as another box does. */
async function voter(network: MemoryNetwork): Promise<(question: Question) => Promise<Answer>> {
  const other = network.join(OTHER);
  await other.start();
  return async (question) => {
    const [link] = other.links();
    if (link === undefined) throw new Error("there is nobody to ask");
    const body = Buffer.from(JSON.stringify(question));
    const said = await other.request(link.box, "claim", body, { timeoutMs: 1000 });
    const answer = parseAnswer(JSON.parse(Buffer.from(said).toString()));
    if (answer === undefined) throw new Error("the answer makes no sense");
    return answer;
  };
}

async function voteFaults(home: string, promised: readonly Promised[]): Promise<string[]> {
  const network = new MemoryNetwork();
  const votes = promised.flatMap((done) => ("vote" in done ? [done] : []));
  return inSoundBox(home, { network }, async () => {
    const ask = await voter(network);
    const faults: string[] = [];
    for (const { vote: register, ballot } of votes) {
      const early = await ask({ phase: "prepare", register, ballot: [ballot - 1, OTHER] });
      if (early.ok) faults.push(`${register}: the promise of round ${ballot} is forgotten`);
    }
    for (const { vote: register, value } of votes) {
      if (value === undefined) continue;
      const late = await ask({ phase: "prepare", register, ballot: [LATE_ROUND, OTHER] });
      const kept = late.ok ? late.accepted?.value : "nothing";
      if (kept !== value) faults.push(`${register}: it accepted ${value}, and says ${kept}`);
    }
    return faults;
  });
}

export const votes: StoragePath = {
  name: "votes on names that other boxes give away",
  prepare: (home) => homeWith(home, 1),
  run: async (home, promise) => {
    const network = new MemoryNetwork();
    const box = await boxOnDisk(home, { network });
    const ask = await voter(network);
    for (let i = 0; i < 3; i++) {
      const register = `user\u001f@user${i}:${TEST_SERVER}`;
      await ask({ phase: "prepare", register, ballot: [5, OTHER] });
      promise({ vote: register, ballot: 5 });
      const value = `owner ${i}`;
      await ask({ phase: "accept", register, ballot: [5, OTHER], value });
      promise({ vote: register, ballot: 5, value });
      await ask({ phase: "prepare", register, ballot: [9, OTHER] });
      promise({ vote: register, ballot: 9 });
    }
    await box.stop();
  },
  faults: voteFaults,
};
