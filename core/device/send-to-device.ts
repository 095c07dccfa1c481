import { hash } from "node:crypto";
import { badJson, invalidParam } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { DeviceId, UserId } from "../ids.ts";
import { parseDeviceId, parseUserId, serverOf } from "../ids.ts";
import type { Env } from "../ports.ts";
import type { Requester, Services } from "../services.ts";
import { puts } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";
import { devicesOf } from "./remove-devices.ts";

/** Messages in one request: a room key for 1,500 devices fits in the 2,000 records of a transaction. */
const MESSAGES_MAX = 1500;
const ALL_DEVICES = "*";

export interface DirectMessage {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly content: JsonObject;
}

interface Delivery {
  readonly requester: Requester;
  readonly type: string;
  readonly txnId: string;
  readonly messages: readonly DirectMessage[];
}

/**
 * Command: queues the messages, once for each transaction ID of the device on whatever box. Those for
 * devices that are not known here too: they may live on a box that is cut off now. What waits for one
 * that does not exist is deleted once that is certain, in `mesh/janitor/`.
 */
export function deliver(draft: Draft, input: Delivery, env: Env): void {
  const { requester, type, txnId, messages } = input;
  const place = [requester.user, requester.device, `to-device ${type} ${txnId}`];
  if (draft.get(puts, ["txn", ...place])?.value !== undefined) return;
  draft.putFact("txn", place, true);
  for (const [index, { user, device, content }] of messages.entries()) {
    if (serverOf(user) !== env.serverName) continue;
    const id = hash("sha256", JSON.stringify([...place, index]), "base64url");
    draft.sendToDevice(user, device, { id, sender: requester.user, type, content });
  }
}

/** The messages of a request body, `{user: {device or "*": content}}`, as the client wrote them. */
export async function addressedMessages(
  deps: Pick<Services, "reader">,
  messages: JsonObject,
): Promise<DirectMessage[]> {
  const out: DirectMessage[] = [];
  for (const [name, perDevice] of Object.entries(messages)) {
    const user = parseUserId(name);
    if (user === undefined || !isObject(perDevice)) throw badJson(`messages: ${name} is no user`);
    for (const [target, content] of Object.entries(perDevice)) {
      if (!isObject(content)) throw badJson("messages: a message is no object");
      const given = parseDeviceId(target);
      if (given === undefined) throw badJson("messages: a device ID is malformed");
      const devices = given === ALL_DEVICES ? await devicesOf(deps.reader, user) : [given];
      for (const device of devices) out.push({ user, device, content });
      if (out.length > MESSAGES_MAX) {
        throw invalidParam(`a request may have ${MESSAGES_MAX} messages, send them in several`);
      }
    }
  }
  return out;
}

/** https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3sendtodeviceeventtypetxnid */
export async function sendDirectMessages(
  deps: Pick<Services, "reader" | "runner">,
  input: Omit<Delivery, "messages"> & { readonly messages: JsonObject },
): Promise<void> {
  const messages = await addressedMessages(deps, input.messages);
  await deps.runner.run(deliver, { ...input, messages });
}
