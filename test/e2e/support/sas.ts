import { VerificationMethod } from "matrix-js-sdk/lib/types.js";
import {
  CryptoEvent,
  VerificationPhase,
  VerificationRequestEvent,
  VerifierEvent,
} from "matrix-js-sdk/lib/crypto-api/index.js";
import type {
  ShowSasCallbacks,
  VerificationRequest,
  Verifier,
} from "matrix-js-sdk/lib/crypto-api/index.js";
import type { SdkClient } from "./sdk-client.ts";
import { untilTrue } from "./wait.ts";

/** Both compare the emoji they see and confirm them; returns the names of the emoji. */
export async function verifyBySas(
  asker: SdkClient,
  other: SdkClient,
  ask: () => Promise<VerificationRequest>,
): Promise<string[]> {
  // The SDK drops a request of a device whose keys it has not fetched yet.
  await other.untilKnows(asker);
  const asked = nextRequest(other);
  const ours = await ask();
  const theirs = await asked;
  await theirs.accept();
  await inPhase(ours, VerificationPhase.Ready);
  const verifier = await ours.startVerification(VerificationMethod.Sas);
  await inPhase(theirs, VerificationPhase.Started);
  if (!theirs.verifier) throw new Error("the verification has no verifier");

  const finished = Promise.all([verifier.verify(), theirs.verifier.verify()]);
  const seen = Promise.all([emojiOf(verifier), emojiOf(theirs.verifier)]);
  const emoji = await Promise.race([seen, finished.then(() => undefined)]);
  if (!emoji) throw new Error("the verification ended before anybody saw emoji");
  const [mine, its] = emoji;
  if (mine.names.join() !== its.names.join()) throw new Error("the two see different emoji");
  await Promise.all([mine.confirm(), its.confirm()]);
  await finished;
  await Promise.all([ours, theirs].map((request) => inPhase(request, VerificationPhase.Done)));
  return mine.names;
}

async function nextRequest(client: SdkClient): Promise<VerificationRequest> {
  const name = CryptoEvent.VerificationRequestReceived;
  const received: VerificationRequest[] = [];
  client.sdk.once(name, (request) => received.push(request));
  const what = `${client.id} on ${client.device} is asked to verify`;
  await untilTrue(client.sdk, [name], what, () => received.length > 0);
  const [request] = received;
  if (!request) throw new Error("nobody asked");
  return request;
}

interface SeenEmoji {
  readonly names: string[];
  readonly confirm: () => Promise<void>;
}

async function emojiOf(verifier: Verifier): Promise<SeenEmoji> {
  const shown = (): ShowSasCallbacks | null => verifier.getShowSasCallbacks();
  await untilTrue(verifier, [VerifierEvent.ShowSas], "emoji are shown", () => shown() !== null);
  const { sas, confirm } = shown() ?? {};
  if (!confirm) throw new Error("the emoji are gone");
  return { names: (sas?.emoji ?? []).map(([, name]) => name), confirm };
}

function inPhase(request: VerificationRequest, phase: VerificationPhase): Promise<void> {
  return untilTrue(
    request,
    [VerificationRequestEvent.Change],
    `the verification is in phase ${VerificationPhase[phase]}`,
    () => request.phase === phase,
  );
}
