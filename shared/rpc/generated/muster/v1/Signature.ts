// Original file: proto/fleet.proto


export interface Signature {
  /**
   * A hint only.
   */
  'keyid'?: (string);
  'sig'?: (Buffer | Uint8Array | string);
}

export interface Signature__Output {
  /**
   * A hint only.
   */
  'keyid': (string);
  'sig': (Buffer);
}
