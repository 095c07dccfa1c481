import { lookup } from "node:dns";
import type { LookupAddress, LookupOptions } from "node:dns";
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import type { IncomingMessage, RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import type { LookupFunction } from "node:net";
import type { HttpAnswer, HttpClient } from "../../core/ports.ts";
import { addressGuard } from "./allowed-addresses.ts";

/** Connections kept to one server, and how long while nothing is sent, milliseconds. */
const SOCKETS_MAX = 4;
const IDLE_MS = 30_000;

/** A host has only addresses that a box must not be made to talk to. */
class RefusedAddressError extends Error {
  override readonly name = "RefusedAddressError";
  readonly code = "refused_address";
}

export interface OutgoingHttp extends HttpClient {
  /** Closes idle connections. */
  stop(): void;
}

/**
 * Requests to servers that people name. The address is checked where the connection is made, so a name
 * that resolves to another one the second time gains nothing. `allowed`: private ranges that may be
 * talked to all the same.
 */
export function outgoingHttp(allowed: readonly string[], version: string): OutgoingHttp {
  const isAllowed = addressGuard(allowed);
  const agentOptions = { keepAlive: true, maxSockets: SOCKETS_MAX, timeout: IDLE_MS };
  const agents = { http: new HttpAgent(agentOptions), https: new HttpsAgent(agentOptions) };
  const guarded = guardedLookup(isAllowed);
  return {
    async postJson(text, body, { timeoutMs, answerBytesMax, signal }) {
      const url = new URL(text);
      const isSecure = url.protocol === "https:";
      const bytes = Buffer.from(JSON.stringify(body));
      const literal = url.hostname.replace(/^\[|\]$/g, "");
      if (isIP(literal) !== 0 && !isAllowed(literal)) return refusedBy(url);
      const options: RequestOptions = {
        method: "POST",
        agent: isSecure ? agents.https : agents.http,
        lookup: guarded,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        headers: {
          "content-type": "application/json",
          "content-length": bytes.length,
          "user-agent": `Hearth/${version}`,
        },
      };
      try {
        const response = await send(isSecure ? httpsRequest : httpRequest, url, options, bytes);
        const answer = await readText(response, answerBytesMax);
        return { kind: "answer", status: response.statusCode ?? 0, text: answer };
      } catch (error) {
        if (error instanceof RefusedAddressError) return refusedBy(url);
        throw error;
      }
    },
    stop() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function refusedBy({ hostname }: URL): HttpAnswer {
  const reason = `${hostname} has a private address; push.allow_addresses in mesh.yaml can allow it`;
  return { kind: "refused", reason };
}

/** Resolves names to the addresses that are allowed. */
function guardedLookup(isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options: LookupOptions, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, "", 0);
      const allowed = addresses.filter(({ address }) => isAllowed(address));
      const [first] = allowed;
      if (!first) return callback(new RefusedAddressError(hostname), "", 0);
      if (options.all) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };
}

function send(
  request: typeof httpRequest,
  url: URL,
  options: RequestOptions,
  bytes: Buffer,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(url, options, resolve);
    sent.on("error", reject);
    sent.end(bytes);
  });
}

async function readText(response: IncomingMessage, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bytesMax) throw new Error(`the answer is longer than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
