import type { BoxId, ServerName, UserId } from "../../core/ids.ts";
import type { Report } from "../../core/moderation/reports.ts";
import type { Status } from "./status.ts";
import type { VerifyReport } from "./verify-report.ts";

/**
 * The control protocol: one JSON line in, one JSON line out, over the socket in the home folder.
 * Request `{verb, params}`, answer `{ok: true, result}` or `{ok: false, error: {code, message}}`.
 * Whoever can open the socket (mode 0600) owns the box, so there is no other authentication.
 */
export interface ControlVerbs {
  readonly status: { readonly params: NoParams; readonly result: Status };
  readonly verify: { readonly params: NoParams; readonly result: VerifyReport };
  readonly invite: { readonly params: InviteParams; readonly result: Invitation };
  readonly "user.add": { readonly params: UserAddParams; readonly result: UserRef };
  readonly "user.list": { readonly params: NoParams; readonly result: UserList };
  readonly "user.password": { readonly params: UserPasswordParams; readonly result: UserRef };
  readonly "user.deactivate": { readonly params: UserNameParams; readonly result: UserRef };
  readonly "box.list": { readonly params: NoParams; readonly result: BoxList };
  readonly "box.remove": { readonly params: BoxRemoveParams; readonly result: BoxRef };
  readonly "report.list": { readonly params: NoParams; readonly result: ReportList };
  readonly "report.close": { readonly params: ReportCloseParams; readonly result: Report };
  readonly "drill.start": { readonly params: DrillParams; readonly result: DrillStarted };
  readonly "drill.facts": { readonly params: NoParams; readonly result: DrillFacts };
  readonly "drill.isolate": { readonly params: IsolateParams; readonly result: Drill };
  readonly "drill.heal": { readonly params: NoParams; readonly result: Drill };
}

export type Verb = keyof ControlVerbs;
export type Params<V extends Verb> = ControlVerbs[V]["params"];
export type Result<V extends Verb> = ControlVerbs[V]["result"];

/**
 * What `bin/box.ts` gives to the control server. A handler throws `ControlError` for what it
 * refuses, or a `MatrixError`, whose message is shown too; anything else is logged as a defect.
 */
export type ControlHandlers = {
  readonly [V in Verb]: (params: Params<V>) => Promise<Result<V>>;
};

export type NoParams = Readonly<Record<string, never>>;

export interface InviteParams {
  /** How long the code is good, in seconds. */
  readonly ttl_s: number;
}

export interface Invitation {
  readonly code: string;
  /** Milliseconds since the epoch. */
  readonly expires_at: number;
}

export interface UserAddParams {
  /** The localpart. */
  readonly name: string;
  readonly password: string;
  readonly admin: boolean;
}

export interface UserPasswordParams {
  readonly name: string;
  readonly password: string;
}

export interface UserNameParams {
  readonly name: string;
}

export interface UserRef {
  readonly user_id: UserId;
}

export interface UserSummary extends UserRef {
  readonly admin: boolean;
  readonly deactivated: boolean;
  readonly devices: number;
  /** Milliseconds since the epoch. */
  readonly created_at: number;
}

export interface UserList {
  readonly users: readonly UserSummary[];
}

export interface BoxRef {
  readonly box: BoxId;
  readonly name: string;
}

export interface BoxList {
  readonly server_name: ServerName;
  readonly boxes: readonly (BoxRef & {
    readonly self: boolean;
    readonly up: boolean;
    readonly addresses: readonly string[];
  })[];
}

export interface BoxRemoveParams {
  /** A box's name or ID. */
  readonly box: string;
  /** Also where most of the boxes are out of reach, so that two sides may part for good. */
  readonly force: boolean;
}

export interface ReportList {
  /** The newest, newest first. */
  readonly reports: readonly Report[];
  /** How many there are in all. */
  readonly total: number;
}

export interface ReportCloseParams {
  readonly id: string;
}

export interface DrillParams {
  /** The name or ID of the box that is cut off; the answering one where it is left out. */
  readonly box?: string;
  /** Its links come back by themselves after this time, in seconds. */
  readonly duration_s: number;
}

export interface DrillStarted {
  readonly box: BoxId;
  readonly name: string;
}

export interface DrillFacts {
  /** How many entries of each box the answering box has. */
  readonly entries: Readonly<Record<BoxId, number>>;
  /** What each box that can be asked now wrote in the drill, to show that it can. */
  readonly writes: Readonly<Record<BoxId, DrillWrites>>;
}

export interface DrillWrites {
  readonly accepted: number;
  readonly refused: number;
  /** The longest that one took to be acknowledged, milliseconds. */
  readonly slowest_ms: number;
}

export interface IsolateParams {
  /** Links come back by themselves after this time, in seconds. */
  readonly duration_s: number;
}

export interface Drill {
  readonly isolated: boolean;
  /** When the links come back, milliseconds since the epoch; null when not isolated. */
  readonly until: number | null;
}
