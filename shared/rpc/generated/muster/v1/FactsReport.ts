// Original file: proto/fleet.proto


export interface FactsReport {
  /**
   * JSON of NodeFacts.
   */
  'facts'?: (Buffer | Uint8Array | string);
}

export interface FactsReport__Output {
  /**
   * JSON of NodeFacts.
   */
  'facts': (Buffer);
}
