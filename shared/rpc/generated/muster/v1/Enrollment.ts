// Original file: proto/enrollment.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { Challenge as _muster_v1_Challenge, Challenge__Output as _muster_v1_Challenge__Output } from '../../muster/v1/Challenge.ts';
import type { ChallengeRequest as _muster_v1_ChallengeRequest, ChallengeRequest__Output as _muster_v1_ChallengeRequest__Output } from '../../muster/v1/ChallengeRequest.ts';
import type { JoinReply as _muster_v1_JoinReply, JoinReply__Output as _muster_v1_JoinReply__Output } from '../../muster/v1/JoinReply.ts';
import type { JoinRequest as _muster_v1_JoinRequest, JoinRequest__Output as _muster_v1_JoinRequest__Output } from '../../muster/v1/JoinRequest.ts';
import type { LoginReply as _muster_v1_LoginReply, LoginReply__Output as _muster_v1_LoginReply__Output } from '../../muster/v1/LoginReply.ts';
import type { LoginRequest as _muster_v1_LoginRequest, LoginRequest__Output as _muster_v1_LoginRequest__Output } from '../../muster/v1/LoginRequest.ts';
import type { ReturnReply as _muster_v1_ReturnReply, ReturnReply__Output as _muster_v1_ReturnReply__Output } from '../../muster/v1/ReturnReply.ts';
import type { ReturnRequest as _muster_v1_ReturnRequest, ReturnRequest__Output as _muster_v1_ReturnRequest__Output } from '../../muster/v1/ReturnRequest.ts';

/**
 * How a host becomes a member, and a person an operator. Server TLS only, open to strangers,
 * rate-limited; every bad token gets the same answer.
 */
export interface EnrollmentClient extends grpc.Client {
  GetChallenge(argument: _muster_v1_ChallengeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_Challenge__Output>): grpc.ClientUnaryCall;
  GetChallenge(argument: _muster_v1_ChallengeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_Challenge__Output>): grpc.ClientUnaryCall;
  GetChallenge(argument: _muster_v1_ChallengeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_Challenge__Output>): grpc.ClientUnaryCall;
  GetChallenge(argument: _muster_v1_ChallengeRequest, callback: grpc.requestCallback<_muster_v1_Challenge__Output>): grpc.ClientUnaryCall;
  getChallenge(argument: _muster_v1_ChallengeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_Challenge__Output>): grpc.ClientUnaryCall;
  getChallenge(argument: _muster_v1_ChallengeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_Challenge__Output>): grpc.ClientUnaryCall;
  getChallenge(argument: _muster_v1_ChallengeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_Challenge__Output>): grpc.ClientUnaryCall;
  getChallenge(argument: _muster_v1_ChallengeRequest, callback: grpc.requestCallback<_muster_v1_Challenge__Output>): grpc.ClientUnaryCall;
  
  Join(argument: _muster_v1_JoinRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  Join(argument: _muster_v1_JoinRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  Join(argument: _muster_v1_JoinRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  Join(argument: _muster_v1_JoinRequest, callback: grpc.requestCallback<_muster_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  join(argument: _muster_v1_JoinRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  join(argument: _muster_v1_JoinRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  join(argument: _muster_v1_JoinRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  join(argument: _muster_v1_JoinRequest, callback: grpc.requestCallback<_muster_v1_JoinReply__Output>): grpc.ClientUnaryCall;
  
  Login(argument: _muster_v1_LoginRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_LoginReply__Output>): grpc.ClientUnaryCall;
  Login(argument: _muster_v1_LoginRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_LoginReply__Output>): grpc.ClientUnaryCall;
  Login(argument: _muster_v1_LoginRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_LoginReply__Output>): grpc.ClientUnaryCall;
  Login(argument: _muster_v1_LoginRequest, callback: grpc.requestCallback<_muster_v1_LoginReply__Output>): grpc.ClientUnaryCall;
  login(argument: _muster_v1_LoginRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_LoginReply__Output>): grpc.ClientUnaryCall;
  login(argument: _muster_v1_LoginRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_LoginReply__Output>): grpc.ClientUnaryCall;
  login(argument: _muster_v1_LoginRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_LoginReply__Output>): grpc.ClientUnaryCall;
  login(argument: _muster_v1_LoginRequest, callback: grpc.requestCallback<_muster_v1_LoginReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * A member whose certificate ended while it was away comes back by its key.
   */
  Return(argument: _muster_v1_ReturnRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ReturnReply__Output>): grpc.ClientUnaryCall;
  Return(argument: _muster_v1_ReturnRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_ReturnReply__Output>): grpc.ClientUnaryCall;
  Return(argument: _muster_v1_ReturnRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ReturnReply__Output>): grpc.ClientUnaryCall;
  Return(argument: _muster_v1_ReturnRequest, callback: grpc.requestCallback<_muster_v1_ReturnReply__Output>): grpc.ClientUnaryCall;
  /**
   * A member whose certificate ended while it was away comes back by its key.
   */
  return(argument: _muster_v1_ReturnRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ReturnReply__Output>): grpc.ClientUnaryCall;
  return(argument: _muster_v1_ReturnRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_ReturnReply__Output>): grpc.ClientUnaryCall;
  return(argument: _muster_v1_ReturnRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ReturnReply__Output>): grpc.ClientUnaryCall;
  return(argument: _muster_v1_ReturnRequest, callback: grpc.requestCallback<_muster_v1_ReturnReply__Output>): grpc.ClientUnaryCall;
  
}

/**
 * How a host becomes a member, and a person an operator. Server TLS only, open to strangers,
 * rate-limited; every bad token gets the same answer.
 */
export interface EnrollmentHandlers extends grpc.UntypedServiceImplementation {
  GetChallenge: grpc.handleUnaryCall<_muster_v1_ChallengeRequest__Output, _muster_v1_Challenge>;
  
  Join: grpc.handleUnaryCall<_muster_v1_JoinRequest__Output, _muster_v1_JoinReply>;
  
  Login: grpc.handleUnaryCall<_muster_v1_LoginRequest__Output, _muster_v1_LoginReply>;
  
  /**
   * A member whose certificate ended while it was away comes back by its key.
   */
  Return: grpc.handleUnaryCall<_muster_v1_ReturnRequest__Output, _muster_v1_ReturnReply>;
  
}

export interface EnrollmentDefinition extends grpc.ServiceDefinition {
  GetChallenge: MethodDefinition<_muster_v1_ChallengeRequest, _muster_v1_Challenge, _muster_v1_ChallengeRequest__Output, _muster_v1_Challenge__Output>
  Join: MethodDefinition<_muster_v1_JoinRequest, _muster_v1_JoinReply, _muster_v1_JoinRequest__Output, _muster_v1_JoinReply__Output>
  Login: MethodDefinition<_muster_v1_LoginRequest, _muster_v1_LoginReply, _muster_v1_LoginRequest__Output, _muster_v1_LoginReply__Output>
  Return: MethodDefinition<_muster_v1_ReturnRequest, _muster_v1_ReturnReply, _muster_v1_ReturnRequest__Output, _muster_v1_ReturnReply__Output>
}
