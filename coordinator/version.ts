// The coordinator's own version; equal to package.json's, which is not part of the one-file program.

export const COORDINATOR_VERSION = '0.2.0';
