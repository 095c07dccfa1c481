import type { Transport, Unsubscribe } from "../transport/transport.ts";
import type { ComparedBox } from "./compared-box.ts";
import { STILL_READING } from "./compared-box.ts";
import { CHUNK_LENGTH } from "./constants.ts";
import { decodeQuestion, VERIFY_METHOD } from "./wire.ts";
import type { Question } from "./wire.ts";

/** Lets the other boxes ask this one what they ask to be compared with. */
export function serveDesk(transport: Transport, desk: ComparedBox): Unsubscribe {
  return transport.onFetchStream(VERIFY_METHOD, (_from, body) =>
    chunksOf(answer(desk, decodeQuestion(body))),
  );
}

async function* answer(desk: ComparedBox, question: Question): AsyncGenerator<unknown> {
  switch (question.ask) {
    case "open":
      yield await desk.open();
      return;
    case "close":
      await desk.close(question.session);
      return;
    case "sections":
      yield* desk.sections(question.session);
      return;
    case "buckets":
      yield* desk.buckets(question.session, question.section);
      return;
    case "rows":
      yield* desk.rows(question.session, question.section, question);
      return;
    case "look": {
      const { vector, hashes } = await desk.look(question.keys);
      yield { vector };
      for (const key of question.keys) yield hashes.get(key) ?? null;
      return;
    }
    case "places":
      yield* desk.places();
      return;
    case "entries":
      yield* await desk.entryHashes(question.dots);
  }
}

async function* chunksOf(answers: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  let text = "";
  for await (const each of answers) {
    text += `${JSON.stringify(each)}\n`;
    if (text.length < CHUNK_LENGTH && each !== STILL_READING) continue;
    yield Buffer.from(text);
    text = "";
  }
  if (text !== "") yield Buffer.from(text);
}
