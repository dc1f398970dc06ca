// Original file: proto/operator.proto


export interface VersionRequest {
}

export interface VersionRequest__Output {
}
