/** Reading it fails as on a broken disk, with EIO: the beginning of a process's memory, which is not there. */
export const UNREADABLE = "/proc/self/mem";
