import type { BoxId } from "../../core/ids.ts";
import type { Dot } from "../../core/vector.ts";
import type { Transport } from "../transport/transport.ts";
import { TransportError } from "../transport/transport.ts";
import type {
  ComparedBox,
  Look,
  Opened,
  OriginPlace,
  RowHash,
  SectionDigest,
  StillReading,
} from "./compared-box.ts";
import { STILL_READING } from "./compared-box.ts";
import { LINE_LENGTH_MAX, SILENCE_MS } from "./constants.ts";
import type { Bucket } from "./digest.ts";
import type { KeyRange } from "./sections.ts";
import {
  encodeQuestion,
  parseBucket,
  parseHash,
  parseLine,
  parseLookVector,
  parseOpened,
  parsePlace,
  parseRow,
  parseSection,
  VERIFY_METHOD,
} from "./wire.ts";
import type { Question } from "./wire.ts";

/** Another box, asked over the mesh. Throws TransportError; what it says is checked, not believed. */
export class RemoteBox implements ComparedBox {
  readonly box: BoxId;
  readonly #transport: Transport;

  constructor(box: BoxId, transport: Transport) {
    this.box = box;
    this.#transport = transport;
  }

  async open(): Promise<Opened> {
    for await (const line of this.#ask({ ask: "open" })) return parseOpened(line);
    throw tooShort();
  }

  async close(session: number): Promise<void> {
    for await (const _ of this.#ask({ ask: "close", session }));
  }

  async *sections(session: number): AsyncGenerator<SectionDigest | StillReading> {
    for await (const line of this.#ask({ ask: "sections", session })) {
      yield line === STILL_READING ? line : parseSection(line);
    }
  }

  async *buckets(session: number, section: string): AsyncGenerator<Bucket> {
    for await (const line of this.#ask({ ask: "buckets", session, section })) {
      yield parseBucket(line);
    }
  }

  async *rows(session: number, section: string, range: KeyRange): AsyncGenerator<RowHash> {
    for await (const line of this.#ask({ ask: "rows", session, section, ...range })) {
      yield parseRow(line);
    }
  }

  async look(keys: readonly string[]): Promise<Look> {
    const [first, ...rest] = await this.#all({ ask: "look", keys }, keys.length + 1);
    if (rest.length !== keys.length) throw tooShort();
    const hashes = new Map(keys.map((key, i) => [key, parseHash(rest[i])]));
    return { vector: parseLookVector(first), hashes };
  }

  async *places(): AsyncGenerator<OriginPlace> {
    for await (const line of this.#ask({ ask: "places" })) yield parsePlace(line);
  }

  async entryHashes(dots: readonly Dot[]): Promise<(string | null)[]> {
    const lines = await this.#all({ ask: "entries", dots }, dots.length);
    if (lines.length !== dots.length) throw tooShort();
    return lines.map(parseHash);
  }

  async #all(question: Question, linesMax: number): Promise<unknown[]> {
    const lines: unknown[] = [];
    for await (const line of this.#ask(question)) {
      if (lines.length >= linesMax) throw new TransportError("protocol", "an answer is too long");
      lines.push(line);
    }
    return lines;
  }

  async *#ask(question: Question): AsyncGenerator<unknown> {
    const wish = encodeQuestion(question);
    const decoder = new TextDecoder();
    let text = "";
    const opts = { timeoutMs: SILENCE_MS };
    for await (const chunk of this.#transport.fetchStream(this.box, VERIFY_METHOD, wish, opts)) {
      text += decoder.decode(chunk, { stream: true });
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      if (text.length > LINE_LENGTH_MAX) throw new TransportError("protocol", "a line is too long");
      for (const line of lines) yield parseLine(line);
    }
  }
}

function tooShort(): TransportError {
  return new TransportError("protocol", "an answer is too short");
}
