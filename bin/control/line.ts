import type { Socket } from "node:net";

/**
 * The first line that a socket sends, without its newline. Undefined when the other side ends first;
 * rejects on a socket error, past `bytesMax`, or after `waitMs` without a whole line.
 */
export function readLine(
  socket: Socket,
  bytesMax: number,
  waitMs: number,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const timer = setTimeout(() => finish(() => reject(new Error("no line in time"))), waitMs);
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      socket.off("data", onData);
      socket.pause();
      settle();
    };
    const onData = (chunk: Buffer): void => {
      const end = chunk.indexOf(0x0a);
      bytes += end === -1 ? chunk.length : end;
      if (bytes > bytesMax) return finish(() => reject(new Error(`line over ${bytesMax} bytes`)));
      chunks.push(end === -1 ? chunk : chunk.subarray(0, end));
      if (end !== -1) finish(() => resolve(Buffer.concat(chunks).toString("utf8")));
    };
    socket.on("data", onData);
    socket.once("error", (error) => finish(() => reject(error)));
    socket.once("close", () => finish(() => resolve(undefined)));
    socket.once("end", () => finish(() => resolve(undefined)));
  });
}
