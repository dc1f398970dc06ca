// Original file: proto/operator.proto


export interface EtcdTaskRequest {
  /**
   * snapshot or defragment
   */
  'task'?: (string);
  /**
   * Names one run, so that asking again is the same run.
   */
  'runId'?: (string);
}

export interface EtcdTaskRequest__Output {
  /**
   * snapshot or defragment
   */
  'task': (string);
  /**
   * Names one run, so that asking again is the same run.
   */
  'runId': (string);
}
