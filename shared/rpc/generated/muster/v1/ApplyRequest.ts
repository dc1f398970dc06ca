// Original file: proto/operator.proto


export interface ApplyRequest {
  'specYaml'?: (string);
  'dryRun'?: (boolean);
  /**
   * Checks of the preflight that the operator takes the blame for.
   */
  'ignore'?: (string)[];
  /**
   * JSON of the artifact lock.
   */
  'artifactLock'?: (Buffer | Uint8Array | string);
}

export interface ApplyRequest__Output {
  'specYaml': (string);
  'dryRun': (boolean);
  /**
   * Checks of the preflight that the operator takes the blame for.
   */
  'ignore': (string)[];
  /**
   * JSON of the artifact lock.
   */
  'artifactLock': (Buffer);
}
