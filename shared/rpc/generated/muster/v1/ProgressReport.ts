// Original file: proto/fleet.proto

import type { Long } from '@grpc/proto-loader';

export interface ProgressReport {
  'journalId'?: (string);
  'offset'?: (number | string | Long);
  /**
   * JSON of JournalRecord, in order.
   */
  'records'?: (Buffer | Uint8Array | string)[];
}

export interface ProgressReport__Output {
  'journalId': (string);
  'offset': (number);
  /**
   * JSON of JournalRecord, in order.
   */
  'records': (Buffer)[];
}
