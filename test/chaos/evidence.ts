/** One thing that a client tried to write, under one transaction ID. */
export interface Sending {
  readonly id: string;
  readonly room: string;
  /** Some box answered 200. What was not acknowledged may be there or not. */
  isAcknowledged: boolean;
  /** The boxes that it was sent to; after a lost answer it goes to another one. */
  readonly boxes: Set<number>;
}

/** One device, and all that `/sync` told it; a device of one box asks only that one. */
export interface Told {
  readonly device: string;
  /** Of messages, in the order in which they came. */
  readonly events: { readonly id: string; readonly room: string; readonly text: string }[];
  /** Numbers of to-device messages. */
  readonly letters: string[];
}

/** What one box shows when all is over. */
export interface BoxView {
  readonly box: string;
  /** By room: the texts of all messages, oldest first, from `/messages`. */
  readonly messages: ReadonlyMap<string, readonly string[]>;
  /** The last of them, by a first `/sync`. */
  readonly latest: ReadonlyMap<string, readonly string[]>;
  /** By room: IDs of all events in order, the state and the receipts, as one text to compare. */
  readonly whole: ReadonlyMap<string, string>;
}

/** One request of a client as a person feels it: served when some box took it in time. */
export interface Request {
  readonly isServed: boolean;
  /** Most boxes that were dark at the same time while it was under way. */
  readonly dark: number;
}

/** Everything that is known about a run when it is over. */
export interface Evidence {
  readonly messages: ReadonlyMap<string, Sending>;
  readonly topics: ReadonlySet<string>;
  /** To-device messages by their number; `room` is the device that gets it. */
  readonly letters: ReadonlyMap<string, Sending>;
  readonly told: readonly Told[];
  readonly views: readonly BoxView[];
  /** The topic of each room on each box. */
  readonly finalTopics: readonly string[];
  /** IDs of one-time keys in the order in which they were given to somebody. */
  readonly keysGiven: readonly string[];
  /** User names, and to whom each was granted. */
  readonly namesGranted: ReadonlyMap<string, ReadonlySet<string>>;
  /** Rows that `meshctl verify` compared on each box. */
  readonly rowsCompared: number;
  /** What is wrong by itself, as an answer that no client may get. */
  readonly incidents: readonly string[];
}
