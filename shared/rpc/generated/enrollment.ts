import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Challenge as _muster_v1_Challenge, Challenge__Output as _muster_v1_Challenge__Output } from './muster/v1/Challenge.ts';
import type { ChallengeRequest as _muster_v1_ChallengeRequest, ChallengeRequest__Output as _muster_v1_ChallengeRequest__Output } from './muster/v1/ChallengeRequest.ts';
import type { EnrollmentClient as _muster_v1_EnrollmentClient, EnrollmentDefinition as _muster_v1_EnrollmentDefinition } from './muster/v1/Enrollment.ts';
import type { JoinReply as _muster_v1_JoinReply, JoinReply__Output as _muster_v1_JoinReply__Output } from './muster/v1/JoinReply.ts';
import type { JoinRequest as _muster_v1_JoinRequest, JoinRequest__Output as _muster_v1_JoinRequest__Output } from './muster/v1/JoinRequest.ts';
import type { LoginReply as _muster_v1_LoginReply, LoginReply__Output as _muster_v1_LoginReply__Output } from './muster/v1/LoginReply.ts';
import type { LoginRequest as _muster_v1_LoginRequest, LoginRequest__Output as _muster_v1_LoginRequest__Output } from './muster/v1/LoginRequest.ts';
import type { ReturnReply as _muster_v1_ReturnReply, ReturnReply__Output as _muster_v1_ReturnReply__Output } from './muster/v1/ReturnReply.ts';
import type { ReturnRequest as _muster_v1_ReturnRequest, ReturnRequest__Output as _muster_v1_ReturnRequest__Output } from './muster/v1/ReturnRequest.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  muster: {
    v1: {
      Challenge: MessageTypeDefinition<_muster_v1_Challenge, _muster_v1_Challenge__Output>
      ChallengeRequest: MessageTypeDefinition<_muster_v1_ChallengeRequest, _muster_v1_ChallengeRequest__Output>
      /**
       * How a host becomes a member, and a person an operator. Server TLS only, open to strangers,
       * rate-limited; every bad token gets the same answer.
       */
      Enrollment: SubtypeConstructor<typeof grpc.Client, _muster_v1_EnrollmentClient> & { service: _muster_v1_EnrollmentDefinition }
      JoinReply: MessageTypeDefinition<_muster_v1_JoinReply, _muster_v1_JoinReply__Output>
      JoinRequest: MessageTypeDefinition<_muster_v1_JoinRequest, _muster_v1_JoinRequest__Output>
      LoginReply: MessageTypeDefinition<_muster_v1_LoginReply, _muster_v1_LoginReply__Output>
      LoginRequest: MessageTypeDefinition<_muster_v1_LoginRequest, _muster_v1_LoginRequest__Output>
      ReturnReply: MessageTypeDefinition<_muster_v1_ReturnReply, _muster_v1_ReturnReply__Output>
      ReturnRequest: MessageTypeDefinition<_muster_v1_ReturnRequest, _muster_v1_ReturnRequest__Output>
    }
  }
}

