import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { AuthError } from "../../../core/auth/auth-error.ts";
import { authorise } from "../../../core/auth/authorise.ts";
import { authStateOf } from "../../../core/auth/auth-state.ts";
import { eventIdOf, hasValidContentHash } from "../../../core/event/hash.ts";
import type { Pdu } from "../../../core/event/pdu.ts";
import { stateKeyOf, type StateMap } from "../../../core/event/state-key.ts";
import type { EventId } from "../../../core/ids.ts";
import { roomVersion } from "../../../core/room-version/table.ts";
import { resolveState } from "../../../core/state-res/resolve-state.ts";

/**
 * Random rooms with forks, and what Synapse 1.163.2 makes of them: event IDs, which events its auth
 * rules allow, and what states resolve to. Numbers are places in `events`; signatures are blank.
 */
interface SynapseCase {
  readonly name?: string;
  readonly version: string;
  readonly ids: readonly EventId[];
  readonly events: readonly Pdu[];
  readonly resolutions: readonly {
    readonly states: readonly (readonly number[])[];
    readonly resolved: readonly number[];
  }[];
  readonly verdicts?: readonly {
    readonly event: Pdu | number;
    readonly state: readonly number[];
    readonly allowed: boolean;
  }[];
}

/**
 * `synapse-resolutions.json` has more resolutions, also of states that no server would claim in good
 * faith, and the rooms of `not-promised.test.ts`.
 */
const cases = ["synapse-cases", "synapse-resolutions"].flatMap((name) => {
  const file = new URL(`fixtures/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as readonly SynapseCase[];
});

describe.each(cases.map((given, number) => ({ name: "a random room", ...given, number })))(
  "room $number, of version $version: $name",
  ({ version, ids, events, resolutions, verdicts = [] }) => {
    const rules = roomVersion(version);
    const byId = new Map(ids.map((id, place) => [id, events[place] as Pdu]));
    const pick = (places: readonly number[]): Pdu[] => places.map((place) => events[place] as Pdu);
    const stateOf = (places: readonly number[]): StateMap =>
      new Map(
        places.map((place) => {
          const { type, state_key } = events[place] as Pdu;
          return [stateKeyOf(type, state_key ?? ""), ids[place] as EventId];
        }),
      );

    test("has the event IDs and content hashes that Synapse computes", () => {
      expect(events.map((event) => eventIdOf(rules, event))).toEqual(ids);
      expect(events.filter((event) => !hasValidContentHash(rules, event))).toEqual([]);
    });

    test("has its states resolved like Synapse does", () => {
      for (const { states, resolved } of resolutions) {
        const found = resolveState(rules, states.map(stateOf), (id) => byId.get(id));
        expect([...found.values()].sort()).toEqual(resolved.map((n) => ids[n] as EventId).sort());
      }
    });

    if (verdicts.length === 0) return;
    test("has its events allowed and refused like Synapse does", () => {
      for (const { event, state, allowed } of verdicts) {
        const pdu = typeof event === "number" ? (events[event] as Pdu) : event;
        const check = (): void => authorise(rules, pdu, authStateOf(pick(state)));
        if (allowed) expect(check).not.toThrow();
        else expect(check).toThrow(AuthError);
      }
    });
  },
);
