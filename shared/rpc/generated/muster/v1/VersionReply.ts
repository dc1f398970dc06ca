// Original file: proto/operator.proto


export interface VersionReply {
  'version'?: (string);
  'fleet'?: (string);
}

export interface VersionReply__Output {
  'version': (string);
  'fleet': (string);
}
