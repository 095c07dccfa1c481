const KIB = 1024;
const MIB = 1024 * KIB;

/** Largest frame, bytes. Bounds what one member can make another hold for it. */
export const FRAME_BYTES_MAX = 4 * MIB;
/** Largest request or answer body, bytes; what is bigger goes through `fetchStream`. */
export const REQUEST_BYTES_MAX = 4 * MIB;
/** Longest channel or method name, characters. */
export const NAME_CHARS_MAX = 32;

/** Frames are cut into parcels of this many bytes so that a pulse never waits behind a big frame. */
export const PARCEL_BYTES_MAX = 64 * KIB;
/** What one parcel costs beyond its body when counting against a window: keeps tiny frames bounded. */
export const PARCEL_OVERHEAD_BYTES = 64;
/** Unprocessed bytes a member may have under way to us: two frames of the largest size. */
export const RECEIVE_WINDOW_BYTES = 2 * FRAME_BYTES_MAX;
/** Bytes that may wait for one link before `send` refuses: a slow member must not fill the memory. */
export const SEND_QUEUE_BYTES_MAX = 16 * MIB;
/** Frames that may wait for one link, for the same reason: tiny ones cost more than their bytes. */
export const SEND_QUEUE_FRAMES_MAX = 16_384;

/** How often each side of a link shows that it lives, milliseconds. */
export const PULSE_MS = 1_000;
/** A link that was silent this long is down; checked at each pulse, so noticed within 5 s. */
export const LINK_SILENCE_MS = 4_000;
/** From a connection to a working link, milliseconds; a member that takes longer is redialled. */
export const LINK_OPEN_MS = 5_000;

/** Dial waits, milliseconds: short enough for one black-holed address before a good one. */
export const DIAL_ADDRESS_MS = 2_500;
export const DIAL_MS = 10_000;
/** Redial waits, milliseconds: grows from the first to the last, never ends. */
export const REDIAL_FIRST_MS = 1_000;
export const REDIAL_MAX_MS = 30_000;
/** A link that lived this long starts its next redial series from the first wait again. */
export const LINK_STABLE_MS = 10_000;
/** From this attempt on, the other boxes are asked where a member is now. */
export const LOOKUP_FROM_ATTEMPT = 1;
/** How long asking the other boxes may take, milliseconds. */
export const LOOKUP_MS = 5_000;
/** Addresses learned at run time and kept for one member. */
export const LEARNED_ADDRESSES_MAX = 16;

/** Streams one member may have open to us at a time. */
export const REQUEST_STREAMS_MAX = 64;
/** Fewer for bulk: each may put one stream window in front of the pulses on a slow uplink. */
export const FETCH_STREAMS_MAX = 4;
/** How long a request handler may take before its stream is cut, milliseconds. */
export const REQUEST_SERVE_MS = 60_000;
/** How long a fetch may stand still because its reader does not read, milliseconds. */
export const FETCH_STALL_MS = 30_000;
/** Fetched bytes that may wait for their reader before the stream is paused. */
export const FETCH_BUFFER_BYTES_MAX = MIB;
/** Flow-control window of one stream, bytes (the smallest yamux allows): 6 MB/s at 40 ms round trip. */
export const STREAM_WINDOW_BYTES = 256 * KIB;

/** Largest gossip message, bytes: it only speeds up what streams guarantee, so big ones may miss it. */
export const GOSSIP_BYTES_MAX = 256 * KIB;
/** Gossip waiting for one slow member, bytes; past it libp2p resets its gossip stream. */
export const GOSSIP_BUFFER_BYTES_MAX = 4 * MIB;

/** Joiners connected at a time, and how long each may stay, milliseconds. */
export const JOINERS_MAX = 3;
export const JOINER_STAY_MS = 30_000;
/** Largest join request and answer, bytes: the answer carries the mesh's keys and members. */
export const JOIN_REQUEST_BYTES_MAX = 16 * KIB;
export const JOIN_ANSWER_BYTES_MAX = MIB;

/** Connections from one host within a second. Seven boxes may share a host or a home router. */
export const INBOUND_PER_SECOND_MAX = 50;
/** Incoming connections that have not proved themselves yet, and how long they may take, ms. */
export const INBOUND_PENDING_MAX = 32;
export const INBOUND_UPGRADE_MS = 5_000;
/** A socket without any byte for this long is closed, milliseconds; pulses come every second. */
export const SOCKET_SILENCE_MS = 30_000;

/** The protocols of Hearth. A change that old boxes cannot read gets a new number. */
export const PROTOCOL_LINK = "/hearth/link/1";
export const PROTOCOL_REQUEST = "/hearth/request/1";
export const PROTOCOL_FETCH = "/hearth/fetch/1";
export const PROTOCOL_JOIN = "/hearth/join/1";
export const PROTOCOL_KAD = "/hearth/kad/1.0.0";
