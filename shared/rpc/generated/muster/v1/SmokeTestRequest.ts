// Original file: proto/operator.proto


export interface SmokeTestRequest {
  /**
   * Names one run, so that asking again is the same run.
   */
  'runId'?: (string);
}

export interface SmokeTestRequest__Output {
  /**
   * Names one run, so that asking again is the same run.
   */
  'runId': (string);
}
