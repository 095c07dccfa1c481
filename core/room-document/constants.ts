/** When the documents of a room are begun anew and split. */
export interface RoomDocumentLimits {
  /** Operations that a document may have on top of its first change. */
  readonly lengthMax: number;
  /** Entries that a new generation holds itself; with more they go to buckets. */
  readonly flatEntriesMax: number;
  /** Entries of a bucket that is begun; one with more is split. */
  readonly bucketEntriesMax: number;
  /** Buckets that are begun anew for one event, at most, so that its transaction stays small. */
  readonly bucketsBegunMax: number;
}

export const ROOM_DOCUMENT_LIMITS: RoomDocumentLimits = {
  // A change made elsewhere costs 0.2 ms to work in at 1,000 operations, and grows with them.
  lengthMax: 768,
  // More members than this have few rooms; the fewer documents a room has, the less it costs to keep.
  flatEntriesMax: 256,
  // With the longest keys 290 kB, where a change may have 512; with usual ones 50 kB.
  bucketEntriesMax: 512,
  // With the longest keys 0.8 MB in a transaction, where an entry may have 2.
  bucketsBegunMax: 2,
};
