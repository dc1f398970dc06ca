// Original file: proto/operator.proto


export interface RenewCertificatesReply {
  'pending'?: (boolean);
  /**
   * Every certificate of every master it is about is another one, and served.
   */
  'renewed'?: (boolean);
  /**
   * Where each master stands, a sentence each.
   */
  'lines'?: (string)[];
}

export interface RenewCertificatesReply__Output {
  'pending': (boolean);
  /**
   * Every certificate of every master it is about is another one, and served.
   */
  'renewed': (boolean);
  /**
   * Where each master stands, a sentence each.
   */
  'lines': (string)[];
}
