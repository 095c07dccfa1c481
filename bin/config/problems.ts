/** One thing that is wrong in a configuration file. */
export interface Problem {
  /** Counted from 1; the line of the key, or 1 when something is missing. */
  readonly line: number;
  readonly message: string;
}

/** A configuration that must not be used. `message` lists every problem as `file:line: what`. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "CONFIG_REFUSED";
  readonly file: string;
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    super(problems.map(({ line, message }) => `${file}:${line}: ${message}`).join("\n"));
    this.file = file;
    this.problems = problems;
  }
}
