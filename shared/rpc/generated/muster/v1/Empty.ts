// Original file: proto/operator.proto


export interface Empty {
}

export interface Empty__Output {
}
