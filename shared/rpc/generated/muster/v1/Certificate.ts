// Original file: proto/fleet.proto


export interface Certificate {
  /**
   * PEM.
   */
  'certificate'?: (string);
  /**
   * PEM of the CA (or CAs) that the consumer has to trust.
   */
  'ca'?: (string);
}

export interface Certificate__Output {
  /**
   * PEM.
   */
  'certificate': (string);
  /**
   * PEM of the CA (or CAs) that the consumer has to trust.
   */
  'ca': (string);
}
