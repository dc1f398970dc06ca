// The agent's own version; equal to package.json's, which is not part of the one-file program.

export const AGENT_VERSION = '0.2.0';
