import { JOURNAL_LIMITS } from "../../mesh/replica/truncator.ts";
import { SCRUB_PACE } from "../../mesh/scrub/constants.ts";
import type { ValueOf } from "./field.ts";
import { choice, flag, group, integer, optionalText } from "./field.ts";
import { requiredText, text, textList } from "./field.ts";
import * as rule from "./text-rules.ts";

/** Every key of `mesh.yaml`. Parsing, the generated file and the type `Config` all come from here. */
export const SCHEMA = {
  server_name: requiredText({
    ...rule.serverName,
    about:
      "The name in every user ID (@you:NAME), the same on all boxes. It can never be changed later.",
    example: "example.org",
  }),
  box: group("This box.", {
    name: requiredText({
      ...rule.boxName,
      about: "What people call this box, as shown by `meshctl status`. Unique among the boxes.",
      example: "kitchen",
    }),
  }),
  client: group("Where Matrix clients reach this box.", {
    listen: group("The socket that speaks HTTP. Put a reverse proxy with TLS before it.", {
      host: text({
        ...rule.host,
        about: "Address to listen on. 127.0.0.1 is this machine only, 0.0.0.0 every network.",
        default: "127.0.0.1",
      }),
      port: integer({ about: "TCP port.", min: 1, max: 65535, default: 8008 }),
      extra: textList({
        ...rule.hostPort,
        about: "Further sockets with the same API.",
        example: "[::1]:8008",
      }),
    }),
    public_base_url: optionalText({
      ...rule.httpUrl,
      about: "The URL that clients use, when a proxy or a router stands between.",
      example: "https://matrix.example.org",
    }),
  }),
  mesh: group("How the boxes reach each other. All of it is encrypted.", {
    listen: group("The socket for the other boxes.", {
      host: text({ ...rule.host, about: "Address to listen on.", default: "0.0.0.0" }),
      port: integer({
        about: "TCP port; 0 takes any free one, which no router can forward.",
        min: 0,
        max: 65535,
        default: 8009,
      }),
    }),
    announce: textList({
      ...rule.meshAddress,
      about: "Addresses to tell the other boxes besides those found, e.g. a forwarded port.",
      example: "box1.example.org:8009",
    }),
    bootstrap: textList({
      ...rule.meshAddress,
      about: "Addresses to try for the other boxes, besides those remembered.",
      example: "box2.example.org:8009",
    }),
    mdns: flag({ about: "Find the other boxes on the local network.", default: true }),
    ack: choice({
      about:
        "When a write is answered: `reachable` = every box that is connected has it on disk, " +
        "`one` = one other box has, `local` = this box has.",
      of: ["reachable", "one", "local"],
      default: "reachable",
    }),
    ack_wait_ms: integer({
      about: "Longest wait for those boxes, in milliseconds; then the write is answered anyway.",
      min: 0,
      max: 10_000,
      default: 250,
    }),
    journal_keep: integer({
      about:
        "Newest journal entries that stay when all boxes have them: a box that missed no more than " +
        "these gets them one by one.",
      min: 10,
      max: 10_000_000,
      default: JOURNAL_LIMITS.keepEntries,
    }),
    journal_held: integer({
      about:
        "Entries kept for a box that lacks them. One that was away for more copies everything from " +
        "another box when it is back.",
      min: 10,
      max: 10_000_000,
      default: JOURNAL_LIMITS.heldEntries,
    }),
  }),
  registration: group("Who may make an account over the client API.", {
    open: flag({
      about: "Anybody may. Leave it off on a box that the internet can reach.",
      default: false,
    }),
    tokens: textList({
      ...rule.registrationToken,
      about: "Whoever knows one of these tokens may.",
      example: "a-long-word-for-friends",
    }),
  }),
  media: group("Files that people send.", {
    upload_bytes_max: integer({
      about: "Largest upload, in bytes.",
      min: 1024,
      max: 4_294_967_296,
      default: 52_428_800,
    }),
  }),
  turn: group("TURN servers for calls. Give a shared secret, or a user name and a password.", {
    uris: textList({
      ...rule.turnUri,
      about: "The TURN servers.",
      example: "turn:turn.example.org?transport=udp",
    }),
    shared_secret: optionalText({
      ...rule.anyText,
      about: "The secret from which credentials for each user are made.",
      example: "the static-auth-secret of coturn",
    }),
    username: optionalText({ ...rule.anyText, about: "One user name for all.", example: "hearth" }),
    password: optionalText({ ...rule.anyText, about: "Its password.", example: "secret" }),
    ttl_s: integer({
      about: "How long credentials are good, in seconds.",
      min: 60,
      max: 604_800,
      default: 86_400,
    }),
  }),
  well_known: group("What /.well-known/matrix answers.", {
    client: optionalText({
      ...rule.httpUrl,
      about: "Base URL for clients; client.public_base_url where it is left out.",
      example: "https://matrix.example.org",
    }),
  }),
  dns: group("Keeps the addresses of homes that are dark out of the server's DNS records.", {
    program: optionalText({
      ...rule.absolutePath,
      about:
        "A program that changes the records. It is run when the boxes that serve clients change, by " +
        "one box at a time, with their names in HEARTH_SERVING and those of the others in HEARTH_DARK.",
      example: "/etc/hearth/dns",
    }),
    patience_s: integer({
      about: "How long a box has to be dark before it is taken out, in seconds.",
      min: 1,
      max: 3600,
      default: 30,
    }),
  }),
  push: group("Notifications for phones.", {
    allow_addresses: textList({
      ...rule.addressRange,
      about:
        "Private addresses that a push gateway may have. All others are refused, since people name " +
        "the gateways and could make a box talk to what is in your home.",
      example: "192.168.1.20",
    }),
  }),
  limits: group("Protection against too many requests.", {
    rate_limits: flag({
      about: "Answer 429 to clients that send too much. Off only for measuring.",
      default: true,
    }),
  }),
  scrub: group("Cards rot: the box reads all that is on its disk, slowly, and mends it.", {
    every_s: integer({
      about: "Time from the end of one such reading to the next, in seconds.",
      min: 1,
      max: 31_536_000,
      default: SCRUB_PACE.intervalMs / 1000,
    }),
    bytes_per_s: integer({
      about: "How fast it reads, in bytes per second.",
      min: 4096,
      max: 1_073_741_824,
      default: SCRUB_PACE.bytesPerS,
    }),
  }),
  clock: group("The clock of a box may be wrong after a power cut.", {
    drift_max_ms: integer({
      about: "How far ahead of this box's clock another box's may be, in milliseconds.",
      min: 1000,
      max: 86_400_000,
      default: 300_000,
    }),
  }),
  log: group("What meshd writes to its standard output.", {
    level: choice({
      about: "The least important line that is written.",
      of: ["trace", "debug", "info", "warn", "error", "silent"],
      default: "info",
    }),
    pretty: choice({
      about: "Lines for people instead of JSON; `auto` = on a terminal.",
      of: ["auto", "always", "never"],
      default: "auto",
    }),
  }),
} as const;

/** The checked content of `mesh.yaml`, defaults filled in. Keys are those of the file. */
export type Config = ValueOf<typeof SCHEMA>;
