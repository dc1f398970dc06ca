// The StateDisk port: the part of a disk that the agent's own state needs. Everything that a call has
// done survives a power cut once it has come back; what was under way then may be there as a whole, in
// part where this says so, or not at all.

export interface StateDisk {
  /** Null when there is no such file. */
  read(path: string): Promise<Buffer | null>;
  /** Names in a folder, sorted; null when there is no such folder. */
  list(directory: string): Promise<readonly string[] | null>;
  /** With the folders above it, for root only. Nothing when it is there. */
  makeDirectory(path: string): Promise<void>;
  /** A new file of zeros, so that writing into it never lacks space. Cut off: any length of zeros. */
  allocate(path: string, size: number): Promise<void>;
  /** The old content or the new, never a part. */
  replace(path: string, content: string | Uint8Array): Promise<void>;
  /** Nothing when it is not there. */
  remove(path: string): Promise<void>;
  /** Into another folder of the same disk. Nothing when it is not there. */
  move(from: string, into: string): Promise<void>;
  /** For writing into a file that is there. @throws when it is not */
  open(path: string): Promise<StateFile>;
}

export interface StateFile extends AsyncDisposable {
  /** Within the file's length. Cut off: any part of the bytes. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  close(): Promise<void>;
}
