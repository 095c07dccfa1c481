import type { JsonObject } from "../../core/json.ts";

/** The answer of user-interactive authentication that asks for another stage; see `uia.ts`. */
export class InteractiveAuthRequired extends Error {
  override readonly name = "InteractiveAuthRequired";
  readonly body: JsonObject;

  constructor(body: JsonObject) {
    super("a stage of authentication is missing");
    this.body = body;
  }
}
