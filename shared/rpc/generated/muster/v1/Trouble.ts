// Original file: proto/fleet.proto


/**
 * Why no step begins on this host, whatever is asked of it.
 */
export interface Trouble {
  /**
   * For programs: journal-corrupt.
   */
  'code'?: (string);
  /**
   * For people, with the way out.
   */
  'sentence'?: (string);
}

/**
 * Why no step begins on this host, whatever is asked of it.
 */
export interface Trouble__Output {
  /**
   * For programs: journal-corrupt.
   */
  'code': (string);
  /**
   * For people, with the way out.
   */
  'sentence': (string);
}
