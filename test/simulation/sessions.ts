import { refreshSession, useAccessToken } from "../../core/account/refresh.ts";
import { openSession } from "../../core/account/start-session.ts";
import type { Session } from "../../core/account/start-session.ts";
import { liveAccessToken } from "../../core/account/tokens.ts";
import type { TokenPair } from "../../core/account/tokens.ts";
import { logOut } from "../../core/device/remove-devices.ts";
import { MatrixError } from "../../core/errors.ts";
import type { Requester, Services } from "../../core/services.ts";
import type { Cast } from "./cast.ts";
import type { Model } from "./model.ts";
import { SimClient } from "./sim-client.ts";
import type { Outcome } from "./sim-client.ts";
import type { World } from "./world.ts";

/** What was told of a session is everywhere within this long after healing, milliseconds. */
const TOLD_MS = 60_000;
/** Share of new pairs that a client loses before it has stored them. */
const PAIRS_LOST = 0.3;

/** A session whose client refreshes its tokens. */
export class Refreshed extends SimClient {
  refreshToken: string;
  /** Refresh tokens from before the one that is in use. */
  readonly replaced: string[] = [];

  constructor(world: World, session: Session & { readonly refreshToken: string }) {
    super(world, session);
    this.refreshToken = session.refreshToken;
  }

  /** A request for new tokens needs none but the one in it. */
  renew(): Promise<Outcome<TokenPair>> {
    const { user, device, refreshToken } = this;
    const asking = new Asking(this.world, { user, device, token: this.token });
    return asking.call("refresh", (deps) => refreshSession(deps, refreshToken));
  }

  store(pair: TokenPair): void {
    this.replaced.push(this.refreshToken);
    this.token = pair.token;
    this.refreshToken = pair.refreshToken;
  }
}

class Asking extends SimClient {
  protected override identify(): Promise<Requester> {
    const { user, device } = this;
    return Promise.resolve({ user, device, tokenId: "", deviceCreated: 0 });
  }
}

/** Logs another device in, uses it once and logs it out. */
export async function passBy(
  world: World,
  cast: Cast,
  model: Model,
  client: SimClient,
): Promise<void> {
  const opened = await logIn(client, false);
  if (!opened) return;
  const session = cast.session(opened);
  await world.clock.sleep(client.prng.between(0, 3000));
  session.loggedOut = true;
  const outcome = await session.call("log out", (deps, requester) => logOut(deps, requester));
  if (outcome.kind === "ok") model.ended.push(session);
}

/** A device of the client's user refreshes its tokens; the first time it logs in. */
export async function refresh(world: World, model: Model, client: SimClient): Promise<void> {
  const known = model.refreshed.get(client.name);
  if (!known) {
    const opened = await logIn(client, true);
    const refreshToken = opened?.refreshToken;
    if (!opened || refreshToken === undefined) return;
    model.refreshed.set(client.name, new Refreshed(world, { ...opened, refreshToken }));
    return;
  }
  const outcome = await known.renew();
  if (outcome.kind !== "ok" || client.prng.chance(PAIRS_LOST)) return;
  known.store(outcome.value);
  await known.call("who am i", () => Promise.resolve());
}

/** As a first login, on a device of its own with each try. */
async function logIn(client: SimClient, refreshable: boolean): Promise<Session | undefined> {
  const opened = await client.call("log in", (deps) => {
    const { tokenKeys } = deps;
    return deps.runner.run(openSession, { user: client.user, refreshable, tokenKeys });
  });
  return opened.kind === "ok" ? opened.value : undefined;
}

/** Each session is refreshed once more, and used, now that every disk takes it down. */
export async function finishSessions(world: World, model: Model): Promise<void> {
  const services = world.boxes[0]?.services;
  if (!services) return;
  for (const session of model.refreshed.values()) {
    session.store(await world.finish(refreshSession(services, session.refreshToken)));
    await world.finish(useAccessToken(services, session.token));
  }
  await world.clock.run(world.clock.nowMs + TOLD_MS, () => world.hasConverged);
}

/** I11, I12: every box refuses sessions that ended and pairs that were replaced, and takes all others. */
export async function checkSessions(world: World, model: Model): Promise<void> {
  for (const { id, services } of world.boxes) {
    if (!services) continue;
    const refuses = (what: string, isIn: boolean): void => {
      if (isIn && world.destroyed.size === 0) world.violate("tokens", `${id} takes ${what}`);
    };
    for (const { name, token } of model.ended) {
      refuses(`${name}, which was logged out`, isTaken(services, token));
    }
    for (const { name, token, refreshToken, replaced } of model.refreshed.values()) {
      for (const old of replaced) {
        refuses(`a replaced refresh token of ${name}`, await refreshes(services, old));
      }
      const isGood = isTaken(services, token) && (await refreshes(services, refreshToken));
      if (!isGood) world.violate("tokens", `${id} refuses the newest pair of ${name}`);
    }
  }
}

function isTaken(services: Services, token: string): boolean {
  try {
    liveAccessToken(services, token);
    return true;
  } catch (error) {
    return isRefusal(error);
  }
}

/** Would it? A runner that does nothing keeps the question from being a use. */
async function refreshes(services: Services, token: string): Promise<boolean> {
  const runner = { run: () => Promise.resolve(undefined as never) };
  try {
    await refreshSession({ ...services, runner }, token);
    return true;
  } catch (error) {
    return isRefusal(error);
  }
}

/** False where it is a 401; anything else is not foreseen. */
function isRefusal(error: unknown): false {
  if (error instanceof MatrixError && error.status === 401) return false;
  throw error;
}
