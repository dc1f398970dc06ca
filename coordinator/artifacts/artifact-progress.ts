// What people are told while artifacts are fetched: one event per artifact and change.

export interface ArtifactProgress {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
  /** Empty while a lock is made and it is not known yet. */
  readonly sha256: string;
  /** present: nothing had to be fetched. */
  readonly state: 'fetching' | 'fetched' | 'present' | 'failed';
  readonly done: number;
  readonly total: number;
}

export type ReportArtifactProgress = (progress: ArtifactProgress) => void;

export const ignoreProgress: ReportArtifactProgress = () => {};
