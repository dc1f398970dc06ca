// Original file: proto/enrollment.proto


export interface ChallengeRequest {
}

export interface ChallengeRequest__Output {
}
