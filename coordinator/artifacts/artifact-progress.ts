// What people are told while artifacts are fetched: one event per artifact and change.

export interface ArtifactProgress {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
  /** present: nothing had to be fetched. */
  readonly state: 'fetching' | 'fetched' | 'present';
  readonly done: number;
  readonly total: number;
}

export type ReportArtifactProgress = (progress: ArtifactProgress) => void;

export const ignoreProgress: ReportArtifactProgress = () => {};
