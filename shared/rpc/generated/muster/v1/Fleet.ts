// Original file: proto/fleet.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { Certificate as _muster_v1_Certificate, Certificate__Output as _muster_v1_Certificate__Output } from '../../muster/v1/Certificate.ts';
import type { CertificateRequest as _muster_v1_CertificateRequest, CertificateRequest__Output as _muster_v1_CertificateRequest__Output } from '../../muster/v1/CertificateRequest.ts';
import type { FactsAck as _muster_v1_FactsAck, FactsAck__Output as _muster_v1_FactsAck__Output } from '../../muster/v1/FactsAck.ts';
import type { FactsReport as _muster_v1_FactsReport, FactsReport__Output as _muster_v1_FactsReport__Output } from '../../muster/v1/FactsReport.ts';
import type { ProgressAck as _muster_v1_ProgressAck, ProgressAck__Output as _muster_v1_ProgressAck__Output } from '../../muster/v1/ProgressAck.ts';
import type { ProgressReport as _muster_v1_ProgressReport, ProgressReport__Output as _muster_v1_ProgressReport__Output } from '../../muster/v1/ProgressReport.ts';
import type { PullReply as _muster_v1_PullReply, PullReply__Output as _muster_v1_PullReply__Output } from '../../muster/v1/PullReply.ts';
import type { PullRequest as _muster_v1_PullRequest, PullRequest__Output as _muster_v1_PullRequest__Output } from '../../muster/v1/PullRequest.ts';
import type { RenewReply as _muster_v1_RenewReply, RenewReply__Output as _muster_v1_RenewReply__Output } from '../../muster/v1/RenewReply.ts';
import type { RenewRequest as _muster_v1_RenewRequest, RenewRequest__Output as _muster_v1_RenewRequest__Output } from '../../muster/v1/RenewRequest.ts';

/**
 * What an agent says and asks. Mutual TLS: the node is who its certificate says.
 */
export interface FleetClient extends grpc.Client {
  /**
   * Long poll, at most 10 s; carries what the agent is doing, so it is the heartbeat too.
   */
  PullPlan(argument: _muster_v1_PullRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_PullReply__Output>): grpc.ClientUnaryCall;
  PullPlan(argument: _muster_v1_PullRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_PullReply__Output>): grpc.ClientUnaryCall;
  PullPlan(argument: _muster_v1_PullRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_PullReply__Output>): grpc.ClientUnaryCall;
  PullPlan(argument: _muster_v1_PullRequest, callback: grpc.requestCallback<_muster_v1_PullReply__Output>): grpc.ClientUnaryCall;
  /**
   * Long poll, at most 10 s; carries what the agent is doing, so it is the heartbeat too.
   */
  pullPlan(argument: _muster_v1_PullRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_PullReply__Output>): grpc.ClientUnaryCall;
  pullPlan(argument: _muster_v1_PullRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_PullReply__Output>): grpc.ClientUnaryCall;
  pullPlan(argument: _muster_v1_PullRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_PullReply__Output>): grpc.ClientUnaryCall;
  pullPlan(argument: _muster_v1_PullRequest, callback: grpc.requestCallback<_muster_v1_PullReply__Output>): grpc.ClientUnaryCall;
  
  Renew(argument: _muster_v1_RenewRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  Renew(argument: _muster_v1_RenewRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  Renew(argument: _muster_v1_RenewRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  Renew(argument: _muster_v1_RenewRequest, callback: grpc.requestCallback<_muster_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  renew(argument: _muster_v1_RenewRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  renew(argument: _muster_v1_RenewRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  renew(argument: _muster_v1_RenewRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  renew(argument: _muster_v1_RenewRequest, callback: grpc.requestCallback<_muster_v1_RenewReply__Output>): grpc.ClientUnaryCall;
  
  ReportFacts(argument: _muster_v1_FactsReport, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_FactsAck__Output>): grpc.ClientUnaryCall;
  ReportFacts(argument: _muster_v1_FactsReport, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_FactsAck__Output>): grpc.ClientUnaryCall;
  ReportFacts(argument: _muster_v1_FactsReport, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_FactsAck__Output>): grpc.ClientUnaryCall;
  ReportFacts(argument: _muster_v1_FactsReport, callback: grpc.requestCallback<_muster_v1_FactsAck__Output>): grpc.ClientUnaryCall;
  reportFacts(argument: _muster_v1_FactsReport, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_FactsAck__Output>): grpc.ClientUnaryCall;
  reportFacts(argument: _muster_v1_FactsReport, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_FactsAck__Output>): grpc.ClientUnaryCall;
  reportFacts(argument: _muster_v1_FactsReport, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_FactsAck__Output>): grpc.ClientUnaryCall;
  reportFacts(argument: _muster_v1_FactsReport, callback: grpc.requestCallback<_muster_v1_FactsAck__Output>): grpc.ClientUnaryCall;
  
  /**
   * An idempotent outbox: the answer is the next offset wanted.
   */
  ReportProgress(argument: _muster_v1_ProgressReport, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ProgressAck__Output>): grpc.ClientUnaryCall;
  ReportProgress(argument: _muster_v1_ProgressReport, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_ProgressAck__Output>): grpc.ClientUnaryCall;
  ReportProgress(argument: _muster_v1_ProgressReport, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ProgressAck__Output>): grpc.ClientUnaryCall;
  ReportProgress(argument: _muster_v1_ProgressReport, callback: grpc.requestCallback<_muster_v1_ProgressAck__Output>): grpc.ClientUnaryCall;
  /**
   * An idempotent outbox: the answer is the next offset wanted.
   */
  reportProgress(argument: _muster_v1_ProgressReport, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ProgressAck__Output>): grpc.ClientUnaryCall;
  reportProgress(argument: _muster_v1_ProgressReport, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_ProgressAck__Output>): grpc.ClientUnaryCall;
  reportProgress(argument: _muster_v1_ProgressReport, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ProgressAck__Output>): grpc.ClientUnaryCall;
  reportProgress(argument: _muster_v1_ProgressReport, callback: grpc.requestCallback<_muster_v1_ProgressAck__Output>): grpc.ClientUnaryCall;
  
  /**
   * A certificate for a profile that an accepted, unfinished plan of this node names.
   */
  SignCertificate(argument: _muster_v1_CertificateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_Certificate__Output>): grpc.ClientUnaryCall;
  SignCertificate(argument: _muster_v1_CertificateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_Certificate__Output>): grpc.ClientUnaryCall;
  SignCertificate(argument: _muster_v1_CertificateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_Certificate__Output>): grpc.ClientUnaryCall;
  SignCertificate(argument: _muster_v1_CertificateRequest, callback: grpc.requestCallback<_muster_v1_Certificate__Output>): grpc.ClientUnaryCall;
  /**
   * A certificate for a profile that an accepted, unfinished plan of this node names.
   */
  signCertificate(argument: _muster_v1_CertificateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_Certificate__Output>): grpc.ClientUnaryCall;
  signCertificate(argument: _muster_v1_CertificateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_Certificate__Output>): grpc.ClientUnaryCall;
  signCertificate(argument: _muster_v1_CertificateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_Certificate__Output>): grpc.ClientUnaryCall;
  signCertificate(argument: _muster_v1_CertificateRequest, callback: grpc.requestCallback<_muster_v1_Certificate__Output>): grpc.ClientUnaryCall;
  
}

/**
 * What an agent says and asks. Mutual TLS: the node is who its certificate says.
 */
export interface FleetHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Long poll, at most 10 s; carries what the agent is doing, so it is the heartbeat too.
   */
  PullPlan: grpc.handleUnaryCall<_muster_v1_PullRequest__Output, _muster_v1_PullReply>;
  
  Renew: grpc.handleUnaryCall<_muster_v1_RenewRequest__Output, _muster_v1_RenewReply>;
  
  ReportFacts: grpc.handleUnaryCall<_muster_v1_FactsReport__Output, _muster_v1_FactsAck>;
  
  /**
   * An idempotent outbox: the answer is the next offset wanted.
   */
  ReportProgress: grpc.handleUnaryCall<_muster_v1_ProgressReport__Output, _muster_v1_ProgressAck>;
  
  /**
   * A certificate for a profile that an accepted, unfinished plan of this node names.
   */
  SignCertificate: grpc.handleUnaryCall<_muster_v1_CertificateRequest__Output, _muster_v1_Certificate>;
  
}

export interface FleetDefinition extends grpc.ServiceDefinition {
  PullPlan: MethodDefinition<_muster_v1_PullRequest, _muster_v1_PullReply, _muster_v1_PullRequest__Output, _muster_v1_PullReply__Output>
  Renew: MethodDefinition<_muster_v1_RenewRequest, _muster_v1_RenewReply, _muster_v1_RenewRequest__Output, _muster_v1_RenewReply__Output>
  ReportFacts: MethodDefinition<_muster_v1_FactsReport, _muster_v1_FactsAck, _muster_v1_FactsReport__Output, _muster_v1_FactsAck__Output>
  ReportProgress: MethodDefinition<_muster_v1_ProgressReport, _muster_v1_ProgressAck, _muster_v1_ProgressReport__Output, _muster_v1_ProgressAck__Output>
  SignCertificate: MethodDefinition<_muster_v1_CertificateRequest, _muster_v1_Certificate, _muster_v1_CertificateRequest__Output, _muster_v1_Certificate__Output>
}
