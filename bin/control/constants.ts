/** Longest request line on the control socket, in bytes: a password and some names. */
export const REQUEST_BYTES_MAX = 65_536;
/** Longest answer, in bytes: `user list` of 10,000 users has about 1 MB. */
export const RESPONSE_BYTES_MAX = 8_388_608;
/** Connections at once: one owner with some terminals and scripts. */
export const CONNECTIONS_MAX = 16;
/** How long a connection may take to send its request, in milliseconds. */
export const REQUEST_WAIT_MS = 5000;
/** How long `meshctl` waits for an answer, in milliseconds; claiming a name may take 30 s. */
export const RESPONSE_WAIT_MS = 60_000;
/** For comparing boxes, in milliseconds: each reads its whole store, on the slowest card in 10 minutes. */
export const VERIFY_WAIT_MS = 1_200_000;
/** Longest path of a unix socket on Linux, in bytes (sun_path without its end). */
export const SOCKET_PATH_BYTES_MAX = 107;
