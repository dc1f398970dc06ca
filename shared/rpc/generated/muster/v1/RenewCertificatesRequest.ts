// Original file: proto/operator.proto


export interface RenewCertificatesRequest {
  /**
   * A master's name; empty: all of them, one after the other.
   */
  'node'?: (string);
  /**
   * Names one renewal, so that asking again is the same one.
   */
  'runId'?: (string);
}

export interface RenewCertificatesRequest__Output {
  /**
   * A master's name; empty: all of them, one after the other.
   */
  'node': (string);
  /**
   * Names one renewal, so that asking again is the same one.
   */
  'runId': (string);
}
