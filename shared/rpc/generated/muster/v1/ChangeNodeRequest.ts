// Original file: proto/operator.proto


export interface ChangeNodeRequest {
  /**
   * approve, evict, ban or remove
   */
  'action'?: (string);
  /**
   * A node's name or id.
   */
  'name'?: (string);
  /**
   * Tells what would be done.
   */
  'dryRun'?: (boolean);
  /**
   * Without it, what takes something away is refused.
   */
  'confirmed'?: (boolean);
}

export interface ChangeNodeRequest__Output {
  /**
   * approve, evict, ban or remove
   */
  'action': (string);
  /**
   * A node's name or id.
   */
  'name': (string);
  /**
   * Tells what would be done.
   */
  'dryRun': (boolean);
  /**
   * Without it, what takes something away is refused.
   */
  'confirmed': (boolean);
}
