// Original file: proto/operator.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AddOperatorReply as _muster_v1_AddOperatorReply, AddOperatorReply__Output as _muster_v1_AddOperatorReply__Output } from '../../muster/v1/AddOperatorReply.ts';
import type { AddOperatorRequest as _muster_v1_AddOperatorRequest, AddOperatorRequest__Output as _muster_v1_AddOperatorRequest__Output } from '../../muster/v1/AddOperatorRequest.ts';
import type { ApplyReply as _muster_v1_ApplyReply, ApplyReply__Output as _muster_v1_ApplyReply__Output } from '../../muster/v1/ApplyReply.ts';
import type { ApplyRequest as _muster_v1_ApplyRequest, ApplyRequest__Output as _muster_v1_ApplyRequest__Output } from '../../muster/v1/ApplyRequest.ts';
import type { ChangeNodeReply as _muster_v1_ChangeNodeReply, ChangeNodeReply__Output as _muster_v1_ChangeNodeReply__Output } from '../../muster/v1/ChangeNodeReply.ts';
import type { ChangeNodeRequest as _muster_v1_ChangeNodeRequest, ChangeNodeRequest__Output as _muster_v1_ChangeNodeRequest__Output } from '../../muster/v1/ChangeNodeRequest.ts';
import type { ChangeRolloutReply as _muster_v1_ChangeRolloutReply, ChangeRolloutReply__Output as _muster_v1_ChangeRolloutReply__Output } from '../../muster/v1/ChangeRolloutReply.ts';
import type { ChangeRolloutRequest as _muster_v1_ChangeRolloutRequest, ChangeRolloutRequest__Output as _muster_v1_ChangeRolloutRequest__Output } from '../../muster/v1/ChangeRolloutRequest.ts';
import type { ChangeTokenRequest as _muster_v1_ChangeTokenRequest, ChangeTokenRequest__Output as _muster_v1_ChangeTokenRequest__Output } from '../../muster/v1/ChangeTokenRequest.ts';
import type { CordonNodeReply as _muster_v1_CordonNodeReply, CordonNodeReply__Output as _muster_v1_CordonNodeReply__Output } from '../../muster/v1/CordonNodeReply.ts';
import type { CordonNodeRequest as _muster_v1_CordonNodeRequest, CordonNodeRequest__Output as _muster_v1_CordonNodeRequest__Output } from '../../muster/v1/CordonNodeRequest.ts';
import type { CreateTokenReply as _muster_v1_CreateTokenReply, CreateTokenReply__Output as _muster_v1_CreateTokenReply__Output } from '../../muster/v1/CreateTokenReply.ts';
import type { CreateTokenRequest as _muster_v1_CreateTokenRequest, CreateTokenRequest__Output as _muster_v1_CreateTokenRequest__Output } from '../../muster/v1/CreateTokenRequest.ts';
import type { Empty as _muster_v1_Empty, Empty__Output as _muster_v1_Empty__Output } from '../../muster/v1/Empty.ts';
import type { EtcdTaskReply as _muster_v1_EtcdTaskReply, EtcdTaskReply__Output as _muster_v1_EtcdTaskReply__Output } from '../../muster/v1/EtcdTaskReply.ts';
import type { EtcdTaskRequest as _muster_v1_EtcdTaskRequest, EtcdTaskRequest__Output as _muster_v1_EtcdTaskRequest__Output } from '../../muster/v1/EtcdTaskRequest.ts';
import type { ExplainReply as _muster_v1_ExplainReply, ExplainReply__Output as _muster_v1_ExplainReply__Output } from '../../muster/v1/ExplainReply.ts';
import type { ExplainRequest as _muster_v1_ExplainRequest, ExplainRequest__Output as _muster_v1_ExplainRequest__Output } from '../../muster/v1/ExplainRequest.ts';
import type { GetReply as _muster_v1_GetReply, GetReply__Output as _muster_v1_GetReply__Output } from '../../muster/v1/GetReply.ts';
import type { GetRequest as _muster_v1_GetRequest, GetRequest__Output as _muster_v1_GetRequest__Output } from '../../muster/v1/GetRequest.ts';
import type { JoinMaterialReply as _muster_v1_JoinMaterialReply, JoinMaterialReply__Output as _muster_v1_JoinMaterialReply__Output } from '../../muster/v1/JoinMaterialReply.ts';
import type { JoinMaterialRequest as _muster_v1_JoinMaterialRequest, JoinMaterialRequest__Output as _muster_v1_JoinMaterialRequest__Output } from '../../muster/v1/JoinMaterialRequest.ts';
import type { KubeconfigReply as _muster_v1_KubeconfigReply, KubeconfigReply__Output as _muster_v1_KubeconfigReply__Output } from '../../muster/v1/KubeconfigReply.ts';
import type { KubeconfigRequest as _muster_v1_KubeconfigRequest, KubeconfigRequest__Output as _muster_v1_KubeconfigRequest__Output } from '../../muster/v1/KubeconfigRequest.ts';
import type { LogsReply as _muster_v1_LogsReply, LogsReply__Output as _muster_v1_LogsReply__Output } from '../../muster/v1/LogsReply.ts';
import type { LogsRequest as _muster_v1_LogsRequest, LogsRequest__Output as _muster_v1_LogsRequest__Output } from '../../muster/v1/LogsRequest.ts';
import type { RenewCertificatesReply as _muster_v1_RenewCertificatesReply, RenewCertificatesReply__Output as _muster_v1_RenewCertificatesReply__Output } from '../../muster/v1/RenewCertificatesReply.ts';
import type { RenewCertificatesRequest as _muster_v1_RenewCertificatesRequest, RenewCertificatesRequest__Output as _muster_v1_RenewCertificatesRequest__Output } from '../../muster/v1/RenewCertificatesRequest.ts';
import type { RenewOperatorReply as _muster_v1_RenewOperatorReply, RenewOperatorReply__Output as _muster_v1_RenewOperatorReply__Output } from '../../muster/v1/RenewOperatorReply.ts';
import type { RenewOperatorRequest as _muster_v1_RenewOperatorRequest, RenewOperatorRequest__Output as _muster_v1_RenewOperatorRequest__Output } from '../../muster/v1/RenewOperatorRequest.ts';
import type { RetryRequest as _muster_v1_RetryRequest, RetryRequest__Output as _muster_v1_RetryRequest__Output } from '../../muster/v1/RetryRequest.ts';
import type { RevokeOperatorRequest as _muster_v1_RevokeOperatorRequest, RevokeOperatorRequest__Output as _muster_v1_RevokeOperatorRequest__Output } from '../../muster/v1/RevokeOperatorRequest.ts';
import type { SetRecoveryKeyReply as _muster_v1_SetRecoveryKeyReply, SetRecoveryKeyReply__Output as _muster_v1_SetRecoveryKeyReply__Output } from '../../muster/v1/SetRecoveryKeyReply.ts';
import type { SetRecoveryKeyRequest as _muster_v1_SetRecoveryKeyRequest, SetRecoveryKeyRequest__Output as _muster_v1_SetRecoveryKeyRequest__Output } from '../../muster/v1/SetRecoveryKeyRequest.ts';
import type { SmokeTestReply as _muster_v1_SmokeTestReply, SmokeTestReply__Output as _muster_v1_SmokeTestReply__Output } from '../../muster/v1/SmokeTestReply.ts';
import type { SmokeTestRequest as _muster_v1_SmokeTestRequest, SmokeTestRequest__Output as _muster_v1_SmokeTestRequest__Output } from '../../muster/v1/SmokeTestRequest.ts';
import type { VersionReply as _muster_v1_VersionReply, VersionReply__Output as _muster_v1_VersionReply__Output } from '../../muster/v1/VersionReply.ts';
import type { VersionRequest as _muster_v1_VersionRequest, VersionRequest__Output as _muster_v1_VersionRequest__Output } from '../../muster/v1/VersionRequest.ts';
import type { WatchReply as _muster_v1_WatchReply, WatchReply__Output as _muster_v1_WatchReply__Output } from '../../muster/v1/WatchReply.ts';
import type { WatchRequest as _muster_v1_WatchRequest, WatchRequest__Output as _muster_v1_WatchRequest__Output } from '../../muster/v1/WatchRequest.ts';

/**
 * What the command line asks. The local socket, or mutual TLS with an operator's certificate.
 */
export interface OperatorClient extends grpc.Client {
  /**
   * A place for an operator, and the login token that lets them in once; on the local socket only.
   */
  AddOperator(argument: _muster_v1_AddOperatorRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_AddOperatorReply__Output>): grpc.ClientUnaryCall;
  AddOperator(argument: _muster_v1_AddOperatorRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_AddOperatorReply__Output>): grpc.ClientUnaryCall;
  AddOperator(argument: _muster_v1_AddOperatorRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_AddOperatorReply__Output>): grpc.ClientUnaryCall;
  AddOperator(argument: _muster_v1_AddOperatorRequest, callback: grpc.requestCallback<_muster_v1_AddOperatorReply__Output>): grpc.ClientUnaryCall;
  /**
   * A place for an operator, and the login token that lets them in once; on the local socket only.
   */
  addOperator(argument: _muster_v1_AddOperatorRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_AddOperatorReply__Output>): grpc.ClientUnaryCall;
  addOperator(argument: _muster_v1_AddOperatorRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_AddOperatorReply__Output>): grpc.ClientUnaryCall;
  addOperator(argument: _muster_v1_AddOperatorRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_AddOperatorReply__Output>): grpc.ClientUnaryCall;
  addOperator(argument: _muster_v1_AddOperatorRequest, callback: grpc.requestCallback<_muster_v1_AddOperatorReply__Output>): grpc.ClientUnaryCall;
  
  Apply(argument: _muster_v1_ApplyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ApplyReply__Output>): grpc.ClientUnaryCall;
  Apply(argument: _muster_v1_ApplyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_ApplyReply__Output>): grpc.ClientUnaryCall;
  Apply(argument: _muster_v1_ApplyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ApplyReply__Output>): grpc.ClientUnaryCall;
  Apply(argument: _muster_v1_ApplyRequest, callback: grpc.requestCallback<_muster_v1_ApplyReply__Output>): grpc.ClientUnaryCall;
  apply(argument: _muster_v1_ApplyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ApplyReply__Output>): grpc.ClientUnaryCall;
  apply(argument: _muster_v1_ApplyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_ApplyReply__Output>): grpc.ClientUnaryCall;
  apply(argument: _muster_v1_ApplyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ApplyReply__Output>): grpc.ClientUnaryCall;
  apply(argument: _muster_v1_ApplyRequest, callback: grpc.requestCallback<_muster_v1_ApplyReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * Approves, evicts, bans or removes a node; or approves a host that was refused as another's double.
   */
  ChangeNode(argument: _muster_v1_ChangeNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ChangeNodeReply__Output>): grpc.ClientUnaryCall;
  ChangeNode(argument: _muster_v1_ChangeNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_ChangeNodeReply__Output>): grpc.ClientUnaryCall;
  ChangeNode(argument: _muster_v1_ChangeNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ChangeNodeReply__Output>): grpc.ClientUnaryCall;
  ChangeNode(argument: _muster_v1_ChangeNodeRequest, callback: grpc.requestCallback<_muster_v1_ChangeNodeReply__Output>): grpc.ClientUnaryCall;
  /**
   * Approves, evicts, bans or removes a node; or approves a host that was refused as another's double.
   */
  changeNode(argument: _muster_v1_ChangeNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ChangeNodeReply__Output>): grpc.ClientUnaryCall;
  changeNode(argument: _muster_v1_ChangeNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_ChangeNodeReply__Output>): grpc.ClientUnaryCall;
  changeNode(argument: _muster_v1_ChangeNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ChangeNodeReply__Output>): grpc.ClientUnaryCall;
  changeNode(argument: _muster_v1_ChangeNodeRequest, callback: grpc.requestCallback<_muster_v1_ChangeNodeReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * Pauses, resumes, aborts or retries the rollout of the cluster.
   */
  ChangeRollout(argument: _muster_v1_ChangeRolloutRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ChangeRolloutReply__Output>): grpc.ClientUnaryCall;
  ChangeRollout(argument: _muster_v1_ChangeRolloutRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_ChangeRolloutReply__Output>): grpc.ClientUnaryCall;
  ChangeRollout(argument: _muster_v1_ChangeRolloutRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ChangeRolloutReply__Output>): grpc.ClientUnaryCall;
  ChangeRollout(argument: _muster_v1_ChangeRolloutRequest, callback: grpc.requestCallback<_muster_v1_ChangeRolloutReply__Output>): grpc.ClientUnaryCall;
  /**
   * Pauses, resumes, aborts or retries the rollout of the cluster.
   */
  changeRollout(argument: _muster_v1_ChangeRolloutRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ChangeRolloutReply__Output>): grpc.ClientUnaryCall;
  changeRollout(argument: _muster_v1_ChangeRolloutRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_ChangeRolloutReply__Output>): grpc.ClientUnaryCall;
  changeRollout(argument: _muster_v1_ChangeRolloutRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ChangeRolloutReply__Output>): grpc.ClientUnaryCall;
  changeRollout(argument: _muster_v1_ChangeRolloutRequest, callback: grpc.requestCallback<_muster_v1_ChangeRolloutReply__Output>): grpc.ClientUnaryCall;
  
  ChangeToken(argument: _muster_v1_ChangeTokenRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  ChangeToken(argument: _muster_v1_ChangeTokenRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  ChangeToken(argument: _muster_v1_ChangeTokenRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  ChangeToken(argument: _muster_v1_ChangeTokenRequest, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  changeToken(argument: _muster_v1_ChangeTokenRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  changeToken(argument: _muster_v1_ChangeTokenRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  changeToken(argument: _muster_v1_ChangeTokenRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  changeToken(argument: _muster_v1_ChangeTokenRequest, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  
  /**
   * Cordons, drains or gives back a node (long poll; call again while pending).
   */
  CordonNode(argument: _muster_v1_CordonNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_CordonNodeReply__Output>): grpc.ClientUnaryCall;
  CordonNode(argument: _muster_v1_CordonNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_CordonNodeReply__Output>): grpc.ClientUnaryCall;
  CordonNode(argument: _muster_v1_CordonNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_CordonNodeReply__Output>): grpc.ClientUnaryCall;
  CordonNode(argument: _muster_v1_CordonNodeRequest, callback: grpc.requestCallback<_muster_v1_CordonNodeReply__Output>): grpc.ClientUnaryCall;
  /**
   * Cordons, drains or gives back a node (long poll; call again while pending).
   */
  cordonNode(argument: _muster_v1_CordonNodeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_CordonNodeReply__Output>): grpc.ClientUnaryCall;
  cordonNode(argument: _muster_v1_CordonNodeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_CordonNodeReply__Output>): grpc.ClientUnaryCall;
  cordonNode(argument: _muster_v1_CordonNodeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_CordonNodeReply__Output>): grpc.ClientUnaryCall;
  cordonNode(argument: _muster_v1_CordonNodeRequest, callback: grpc.requestCallback<_muster_v1_CordonNodeReply__Output>): grpc.ClientUnaryCall;
  
  CreateToken(argument: _muster_v1_CreateTokenRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_CreateTokenReply__Output>): grpc.ClientUnaryCall;
  CreateToken(argument: _muster_v1_CreateTokenRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_CreateTokenReply__Output>): grpc.ClientUnaryCall;
  CreateToken(argument: _muster_v1_CreateTokenRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_CreateTokenReply__Output>): grpc.ClientUnaryCall;
  CreateToken(argument: _muster_v1_CreateTokenRequest, callback: grpc.requestCallback<_muster_v1_CreateTokenReply__Output>): grpc.ClientUnaryCall;
  createToken(argument: _muster_v1_CreateTokenRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_CreateTokenReply__Output>): grpc.ClientUnaryCall;
  createToken(argument: _muster_v1_CreateTokenRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_CreateTokenReply__Output>): grpc.ClientUnaryCall;
  createToken(argument: _muster_v1_CreateTokenRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_CreateTokenReply__Output>): grpc.ClientUnaryCall;
  createToken(argument: _muster_v1_CreateTokenRequest, callback: grpc.requestCallback<_muster_v1_CreateTokenReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * Saves etcd, or defragments its members one by one (long poll; call again while pending).
   */
  EtcdTask(argument: _muster_v1_EtcdTaskRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_EtcdTaskReply__Output>): grpc.ClientUnaryCall;
  EtcdTask(argument: _muster_v1_EtcdTaskRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_EtcdTaskReply__Output>): grpc.ClientUnaryCall;
  EtcdTask(argument: _muster_v1_EtcdTaskRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_EtcdTaskReply__Output>): grpc.ClientUnaryCall;
  EtcdTask(argument: _muster_v1_EtcdTaskRequest, callback: grpc.requestCallback<_muster_v1_EtcdTaskReply__Output>): grpc.ClientUnaryCall;
  /**
   * Saves etcd, or defragments its members one by one (long poll; call again while pending).
   */
  etcdTask(argument: _muster_v1_EtcdTaskRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_EtcdTaskReply__Output>): grpc.ClientUnaryCall;
  etcdTask(argument: _muster_v1_EtcdTaskRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_EtcdTaskReply__Output>): grpc.ClientUnaryCall;
  etcdTask(argument: _muster_v1_EtcdTaskRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_EtcdTaskReply__Output>): grpc.ClientUnaryCall;
  etcdTask(argument: _muster_v1_EtcdTaskRequest, callback: grpc.requestCallback<_muster_v1_EtcdTaskReply__Output>): grpc.ClientUnaryCall;
  
  Explain(argument: _muster_v1_ExplainRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ExplainReply__Output>): grpc.ClientUnaryCall;
  Explain(argument: _muster_v1_ExplainRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_ExplainReply__Output>): grpc.ClientUnaryCall;
  Explain(argument: _muster_v1_ExplainRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ExplainReply__Output>): grpc.ClientUnaryCall;
  Explain(argument: _muster_v1_ExplainRequest, callback: grpc.requestCallback<_muster_v1_ExplainReply__Output>): grpc.ClientUnaryCall;
  explain(argument: _muster_v1_ExplainRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ExplainReply__Output>): grpc.ClientUnaryCall;
  explain(argument: _muster_v1_ExplainRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_ExplainReply__Output>): grpc.ClientUnaryCall;
  explain(argument: _muster_v1_ExplainRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_ExplainReply__Output>): grpc.ClientUnaryCall;
  explain(argument: _muster_v1_ExplainRequest, callback: grpc.requestCallback<_muster_v1_ExplainReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * Objects of a kind as JSON documents; `name` empty means all.
   */
  Get(argument: _muster_v1_GetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_GetReply__Output>): grpc.ClientUnaryCall;
  Get(argument: _muster_v1_GetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_GetReply__Output>): grpc.ClientUnaryCall;
  Get(argument: _muster_v1_GetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_GetReply__Output>): grpc.ClientUnaryCall;
  Get(argument: _muster_v1_GetRequest, callback: grpc.requestCallback<_muster_v1_GetReply__Output>): grpc.ClientUnaryCall;
  /**
   * Objects of a kind as JSON documents; `name` empty means all.
   */
  get(argument: _muster_v1_GetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_GetReply__Output>): grpc.ClientUnaryCall;
  get(argument: _muster_v1_GetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_GetReply__Output>): grpc.ClientUnaryCall;
  get(argument: _muster_v1_GetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_GetReply__Output>): grpc.ClientUnaryCall;
  get(argument: _muster_v1_GetRequest, callback: grpc.requestCallback<_muster_v1_GetReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * The user-data or script that makes a host join; mints a token.
   */
  JoinMaterial(argument: _muster_v1_JoinMaterialRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_JoinMaterialReply__Output>): grpc.ClientUnaryCall;
  JoinMaterial(argument: _muster_v1_JoinMaterialRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_JoinMaterialReply__Output>): grpc.ClientUnaryCall;
  JoinMaterial(argument: _muster_v1_JoinMaterialRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_JoinMaterialReply__Output>): grpc.ClientUnaryCall;
  JoinMaterial(argument: _muster_v1_JoinMaterialRequest, callback: grpc.requestCallback<_muster_v1_JoinMaterialReply__Output>): grpc.ClientUnaryCall;
  /**
   * The user-data or script that makes a host join; mints a token.
   */
  joinMaterial(argument: _muster_v1_JoinMaterialRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_JoinMaterialReply__Output>): grpc.ClientUnaryCall;
  joinMaterial(argument: _muster_v1_JoinMaterialRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_JoinMaterialReply__Output>): grpc.ClientUnaryCall;
  joinMaterial(argument: _muster_v1_JoinMaterialRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_JoinMaterialReply__Output>): grpc.ClientUnaryCall;
  joinMaterial(argument: _muster_v1_JoinMaterialRequest, callback: grpc.requestCallback<_muster_v1_JoinMaterialReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * Has the cluster itself sign the operator's key (long poll; call again while pending).
   */
  Kubeconfig(argument: _muster_v1_KubeconfigRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_KubeconfigReply__Output>): grpc.ClientUnaryCall;
  Kubeconfig(argument: _muster_v1_KubeconfigRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_KubeconfigReply__Output>): grpc.ClientUnaryCall;
  Kubeconfig(argument: _muster_v1_KubeconfigRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_KubeconfigReply__Output>): grpc.ClientUnaryCall;
  Kubeconfig(argument: _muster_v1_KubeconfigRequest, callback: grpc.requestCallback<_muster_v1_KubeconfigReply__Output>): grpc.ClientUnaryCall;
  /**
   * Has the cluster itself sign the operator's key (long poll; call again while pending).
   */
  kubeconfig(argument: _muster_v1_KubeconfigRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_KubeconfigReply__Output>): grpc.ClientUnaryCall;
  kubeconfig(argument: _muster_v1_KubeconfigRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_KubeconfigReply__Output>): grpc.ClientUnaryCall;
  kubeconfig(argument: _muster_v1_KubeconfigRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_KubeconfigReply__Output>): grpc.ClientUnaryCall;
  kubeconfig(argument: _muster_v1_KubeconfigRequest, callback: grpc.requestCallback<_muster_v1_KubeconfigReply__Output>): grpc.ClientUnaryCall;
  
  Logs(argument: _muster_v1_LogsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_LogsReply__Output>): grpc.ClientUnaryCall;
  Logs(argument: _muster_v1_LogsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_LogsReply__Output>): grpc.ClientUnaryCall;
  Logs(argument: _muster_v1_LogsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_LogsReply__Output>): grpc.ClientUnaryCall;
  Logs(argument: _muster_v1_LogsRequest, callback: grpc.requestCallback<_muster_v1_LogsReply__Output>): grpc.ClientUnaryCall;
  logs(argument: _muster_v1_LogsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_LogsReply__Output>): grpc.ClientUnaryCall;
  logs(argument: _muster_v1_LogsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_LogsReply__Output>): grpc.ClientUnaryCall;
  logs(argument: _muster_v1_LogsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_LogsReply__Output>): grpc.ClientUnaryCall;
  logs(argument: _muster_v1_LogsRequest, callback: grpc.requestCallback<_muster_v1_LogsReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * Makes the certificates of masters anew (long poll; call again while pending).
   */
  RenewCertificates(argument: _muster_v1_RenewCertificatesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_RenewCertificatesReply__Output>): grpc.ClientUnaryCall;
  RenewCertificates(argument: _muster_v1_RenewCertificatesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_RenewCertificatesReply__Output>): grpc.ClientUnaryCall;
  RenewCertificates(argument: _muster_v1_RenewCertificatesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_RenewCertificatesReply__Output>): grpc.ClientUnaryCall;
  RenewCertificates(argument: _muster_v1_RenewCertificatesRequest, callback: grpc.requestCallback<_muster_v1_RenewCertificatesReply__Output>): grpc.ClientUnaryCall;
  /**
   * Makes the certificates of masters anew (long poll; call again while pending).
   */
  renewCertificates(argument: _muster_v1_RenewCertificatesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_RenewCertificatesReply__Output>): grpc.ClientUnaryCall;
  renewCertificates(argument: _muster_v1_RenewCertificatesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_RenewCertificatesReply__Output>): grpc.ClientUnaryCall;
  renewCertificates(argument: _muster_v1_RenewCertificatesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_RenewCertificatesReply__Output>): grpc.ClientUnaryCall;
  renewCertificates(argument: _muster_v1_RenewCertificatesRequest, callback: grpc.requestCallback<_muster_v1_RenewCertificatesReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * The caller's own certificate with a later end, for the key that it has.
   */
  RenewOperator(argument: _muster_v1_RenewOperatorRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_RenewOperatorReply__Output>): grpc.ClientUnaryCall;
  RenewOperator(argument: _muster_v1_RenewOperatorRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_RenewOperatorReply__Output>): grpc.ClientUnaryCall;
  RenewOperator(argument: _muster_v1_RenewOperatorRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_RenewOperatorReply__Output>): grpc.ClientUnaryCall;
  RenewOperator(argument: _muster_v1_RenewOperatorRequest, callback: grpc.requestCallback<_muster_v1_RenewOperatorReply__Output>): grpc.ClientUnaryCall;
  /**
   * The caller's own certificate with a later end, for the key that it has.
   */
  renewOperator(argument: _muster_v1_RenewOperatorRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_RenewOperatorReply__Output>): grpc.ClientUnaryCall;
  renewOperator(argument: _muster_v1_RenewOperatorRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_RenewOperatorReply__Output>): grpc.ClientUnaryCall;
  renewOperator(argument: _muster_v1_RenewOperatorRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_RenewOperatorReply__Output>): grpc.ClientUnaryCall;
  renewOperator(argument: _muster_v1_RenewOperatorRequest, callback: grpc.requestCallback<_muster_v1_RenewOperatorReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * Holds released, attempts counted anew.
   */
  Retry(argument: _muster_v1_RetryRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  Retry(argument: _muster_v1_RetryRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  Retry(argument: _muster_v1_RetryRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  Retry(argument: _muster_v1_RetryRequest, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  /**
   * Holds released, attempts counted anew.
   */
  retry(argument: _muster_v1_RetryRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  retry(argument: _muster_v1_RetryRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  retry(argument: _muster_v1_RetryRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  retry(argument: _muster_v1_RetryRequest, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  
  /**
   * Ends an operator's certificate and whatever it has open, at once.
   */
  RevokeOperator(argument: _muster_v1_RevokeOperatorRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  RevokeOperator(argument: _muster_v1_RevokeOperatorRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  RevokeOperator(argument: _muster_v1_RevokeOperatorRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  RevokeOperator(argument: _muster_v1_RevokeOperatorRequest, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  /**
   * Ends an operator's certificate and whatever it has open, at once.
   */
  revokeOperator(argument: _muster_v1_RevokeOperatorRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  revokeOperator(argument: _muster_v1_RevokeOperatorRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  revokeOperator(argument: _muster_v1_RevokeOperatorRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  revokeOperator(argument: _muster_v1_RevokeOperatorRequest, callback: grpc.requestCallback<_muster_v1_Empty__Output>): grpc.ClientUnaryCall;
  
  /**
   * The public half of the key that snapshots are encrypted to from now on.
   */
  SetRecoveryKey(argument: _muster_v1_SetRecoveryKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_SetRecoveryKeyReply__Output>): grpc.ClientUnaryCall;
  SetRecoveryKey(argument: _muster_v1_SetRecoveryKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_SetRecoveryKeyReply__Output>): grpc.ClientUnaryCall;
  SetRecoveryKey(argument: _muster_v1_SetRecoveryKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_SetRecoveryKeyReply__Output>): grpc.ClientUnaryCall;
  SetRecoveryKey(argument: _muster_v1_SetRecoveryKeyRequest, callback: grpc.requestCallback<_muster_v1_SetRecoveryKeyReply__Output>): grpc.ClientUnaryCall;
  /**
   * The public half of the key that snapshots are encrypted to from now on.
   */
  setRecoveryKey(argument: _muster_v1_SetRecoveryKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_SetRecoveryKeyReply__Output>): grpc.ClientUnaryCall;
  setRecoveryKey(argument: _muster_v1_SetRecoveryKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_SetRecoveryKeyReply__Output>): grpc.ClientUnaryCall;
  setRecoveryKey(argument: _muster_v1_SetRecoveryKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_SetRecoveryKeyReply__Output>): grpc.ClientUnaryCall;
  setRecoveryKey(argument: _muster_v1_SetRecoveryKeyRequest, callback: grpc.requestCallback<_muster_v1_SetRecoveryKeyReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * Runs the smoke test on the cluster (long poll; call again while pending).
   */
  SmokeTest(argument: _muster_v1_SmokeTestRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_SmokeTestReply__Output>): grpc.ClientUnaryCall;
  SmokeTest(argument: _muster_v1_SmokeTestRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_SmokeTestReply__Output>): grpc.ClientUnaryCall;
  SmokeTest(argument: _muster_v1_SmokeTestRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_SmokeTestReply__Output>): grpc.ClientUnaryCall;
  SmokeTest(argument: _muster_v1_SmokeTestRequest, callback: grpc.requestCallback<_muster_v1_SmokeTestReply__Output>): grpc.ClientUnaryCall;
  /**
   * Runs the smoke test on the cluster (long poll; call again while pending).
   */
  smokeTest(argument: _muster_v1_SmokeTestRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_SmokeTestReply__Output>): grpc.ClientUnaryCall;
  smokeTest(argument: _muster_v1_SmokeTestRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_SmokeTestReply__Output>): grpc.ClientUnaryCall;
  smokeTest(argument: _muster_v1_SmokeTestRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_SmokeTestReply__Output>): grpc.ClientUnaryCall;
  smokeTest(argument: _muster_v1_SmokeTestRequest, callback: grpc.requestCallback<_muster_v1_SmokeTestReply__Output>): grpc.ClientUnaryCall;
  
  Version(argument: _muster_v1_VersionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_VersionReply__Output>): grpc.ClientUnaryCall;
  Version(argument: _muster_v1_VersionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_VersionReply__Output>): grpc.ClientUnaryCall;
  Version(argument: _muster_v1_VersionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_VersionReply__Output>): grpc.ClientUnaryCall;
  Version(argument: _muster_v1_VersionRequest, callback: grpc.requestCallback<_muster_v1_VersionReply__Output>): grpc.ClientUnaryCall;
  version(argument: _muster_v1_VersionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_VersionReply__Output>): grpc.ClientUnaryCall;
  version(argument: _muster_v1_VersionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_VersionReply__Output>): grpc.ClientUnaryCall;
  version(argument: _muster_v1_VersionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_VersionReply__Output>): grpc.ClientUnaryCall;
  version(argument: _muster_v1_VersionRequest, callback: grpc.requestCallback<_muster_v1_VersionReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * Long poll: answers when the store is past `revision`, or after 20 s.
   */
  Watch(argument: _muster_v1_WatchRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_WatchReply__Output>): grpc.ClientUnaryCall;
  Watch(argument: _muster_v1_WatchRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_WatchReply__Output>): grpc.ClientUnaryCall;
  Watch(argument: _muster_v1_WatchRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_WatchReply__Output>): grpc.ClientUnaryCall;
  Watch(argument: _muster_v1_WatchRequest, callback: grpc.requestCallback<_muster_v1_WatchReply__Output>): grpc.ClientUnaryCall;
  /**
   * Long poll: answers when the store is past `revision`, or after 20 s.
   */
  watch(argument: _muster_v1_WatchRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_WatchReply__Output>): grpc.ClientUnaryCall;
  watch(argument: _muster_v1_WatchRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_muster_v1_WatchReply__Output>): grpc.ClientUnaryCall;
  watch(argument: _muster_v1_WatchRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_muster_v1_WatchReply__Output>): grpc.ClientUnaryCall;
  watch(argument: _muster_v1_WatchRequest, callback: grpc.requestCallback<_muster_v1_WatchReply__Output>): grpc.ClientUnaryCall;
  
}

/**
 * What the command line asks. The local socket, or mutual TLS with an operator's certificate.
 */
export interface OperatorHandlers extends grpc.UntypedServiceImplementation {
  /**
   * A place for an operator, and the login token that lets them in once; on the local socket only.
   */
  AddOperator: grpc.handleUnaryCall<_muster_v1_AddOperatorRequest__Output, _muster_v1_AddOperatorReply>;
  
  Apply: grpc.handleUnaryCall<_muster_v1_ApplyRequest__Output, _muster_v1_ApplyReply>;
  
  /**
   * Approves, evicts, bans or removes a node; or approves a host that was refused as another's double.
   */
  ChangeNode: grpc.handleUnaryCall<_muster_v1_ChangeNodeRequest__Output, _muster_v1_ChangeNodeReply>;
  
  /**
   * Pauses, resumes, aborts or retries the rollout of the cluster.
   */
  ChangeRollout: grpc.handleUnaryCall<_muster_v1_ChangeRolloutRequest__Output, _muster_v1_ChangeRolloutReply>;
  
  ChangeToken: grpc.handleUnaryCall<_muster_v1_ChangeTokenRequest__Output, _muster_v1_Empty>;
  
  /**
   * Cordons, drains or gives back a node (long poll; call again while pending).
   */
  CordonNode: grpc.handleUnaryCall<_muster_v1_CordonNodeRequest__Output, _muster_v1_CordonNodeReply>;
  
  CreateToken: grpc.handleUnaryCall<_muster_v1_CreateTokenRequest__Output, _muster_v1_CreateTokenReply>;
  
  /**
   * Saves etcd, or defragments its members one by one (long poll; call again while pending).
   */
  EtcdTask: grpc.handleUnaryCall<_muster_v1_EtcdTaskRequest__Output, _muster_v1_EtcdTaskReply>;
  
  Explain: grpc.handleUnaryCall<_muster_v1_ExplainRequest__Output, _muster_v1_ExplainReply>;
  
  /**
   * Objects of a kind as JSON documents; `name` empty means all.
   */
  Get: grpc.handleUnaryCall<_muster_v1_GetRequest__Output, _muster_v1_GetReply>;
  
  /**
   * The user-data or script that makes a host join; mints a token.
   */
  JoinMaterial: grpc.handleUnaryCall<_muster_v1_JoinMaterialRequest__Output, _muster_v1_JoinMaterialReply>;
  
  /**
   * Has the cluster itself sign the operator's key (long poll; call again while pending).
   */
  Kubeconfig: grpc.handleUnaryCall<_muster_v1_KubeconfigRequest__Output, _muster_v1_KubeconfigReply>;
  
  Logs: grpc.handleUnaryCall<_muster_v1_LogsRequest__Output, _muster_v1_LogsReply>;
  
  /**
   * Makes the certificates of masters anew (long poll; call again while pending).
   */
  RenewCertificates: grpc.handleUnaryCall<_muster_v1_RenewCertificatesRequest__Output, _muster_v1_RenewCertificatesReply>;
  
  /**
   * The caller's own certificate with a later end, for the key that it has.
   */
  RenewOperator: grpc.handleUnaryCall<_muster_v1_RenewOperatorRequest__Output, _muster_v1_RenewOperatorReply>;
  
  /**
   * Holds released, attempts counted anew.
   */
  Retry: grpc.handleUnaryCall<_muster_v1_RetryRequest__Output, _muster_v1_Empty>;
  
  /**
   * Ends an operator's certificate and whatever it has open, at once.
   */
  RevokeOperator: grpc.handleUnaryCall<_muster_v1_RevokeOperatorRequest__Output, _muster_v1_Empty>;
  
  /**
   * The public half of the key that snapshots are encrypted to from now on.
   */
  SetRecoveryKey: grpc.handleUnaryCall<_muster_v1_SetRecoveryKeyRequest__Output, _muster_v1_SetRecoveryKeyReply>;
  
  /**
   * Runs the smoke test on the cluster (long poll; call again while pending).
   */
  SmokeTest: grpc.handleUnaryCall<_muster_v1_SmokeTestRequest__Output, _muster_v1_SmokeTestReply>;
  
  Version: grpc.handleUnaryCall<_muster_v1_VersionRequest__Output, _muster_v1_VersionReply>;
  
  /**
   * Long poll: answers when the store is past `revision`, or after 20 s.
   */
  Watch: grpc.handleUnaryCall<_muster_v1_WatchRequest__Output, _muster_v1_WatchReply>;
  
}

export interface OperatorDefinition extends grpc.ServiceDefinition {
  AddOperator: MethodDefinition<_muster_v1_AddOperatorRequest, _muster_v1_AddOperatorReply, _muster_v1_AddOperatorRequest__Output, _muster_v1_AddOperatorReply__Output>
  Apply: MethodDefinition<_muster_v1_ApplyRequest, _muster_v1_ApplyReply, _muster_v1_ApplyRequest__Output, _muster_v1_ApplyReply__Output>
  ChangeNode: MethodDefinition<_muster_v1_ChangeNodeRequest, _muster_v1_ChangeNodeReply, _muster_v1_ChangeNodeRequest__Output, _muster_v1_ChangeNodeReply__Output>
  ChangeRollout: MethodDefinition<_muster_v1_ChangeRolloutRequest, _muster_v1_ChangeRolloutReply, _muster_v1_ChangeRolloutRequest__Output, _muster_v1_ChangeRolloutReply__Output>
  ChangeToken: MethodDefinition<_muster_v1_ChangeTokenRequest, _muster_v1_Empty, _muster_v1_ChangeTokenRequest__Output, _muster_v1_Empty__Output>
  CordonNode: MethodDefinition<_muster_v1_CordonNodeRequest, _muster_v1_CordonNodeReply, _muster_v1_CordonNodeRequest__Output, _muster_v1_CordonNodeReply__Output>
  CreateToken: MethodDefinition<_muster_v1_CreateTokenRequest, _muster_v1_CreateTokenReply, _muster_v1_CreateTokenRequest__Output, _muster_v1_CreateTokenReply__Output>
  EtcdTask: MethodDefinition<_muster_v1_EtcdTaskRequest, _muster_v1_EtcdTaskReply, _muster_v1_EtcdTaskRequest__Output, _muster_v1_EtcdTaskReply__Output>
  Explain: MethodDefinition<_muster_v1_ExplainRequest, _muster_v1_ExplainReply, _muster_v1_ExplainRequest__Output, _muster_v1_ExplainReply__Output>
  Get: MethodDefinition<_muster_v1_GetRequest, _muster_v1_GetReply, _muster_v1_GetRequest__Output, _muster_v1_GetReply__Output>
  JoinMaterial: MethodDefinition<_muster_v1_JoinMaterialRequest, _muster_v1_JoinMaterialReply, _muster_v1_JoinMaterialRequest__Output, _muster_v1_JoinMaterialReply__Output>
  Kubeconfig: MethodDefinition<_muster_v1_KubeconfigRequest, _muster_v1_KubeconfigReply, _muster_v1_KubeconfigRequest__Output, _muster_v1_KubeconfigReply__Output>
  Logs: MethodDefinition<_muster_v1_LogsRequest, _muster_v1_LogsReply, _muster_v1_LogsRequest__Output, _muster_v1_LogsReply__Output>
  RenewCertificates: MethodDefinition<_muster_v1_RenewCertificatesRequest, _muster_v1_RenewCertificatesReply, _muster_v1_RenewCertificatesRequest__Output, _muster_v1_RenewCertificatesReply__Output>
  RenewOperator: MethodDefinition<_muster_v1_RenewOperatorRequest, _muster_v1_RenewOperatorReply, _muster_v1_RenewOperatorRequest__Output, _muster_v1_RenewOperatorReply__Output>
  Retry: MethodDefinition<_muster_v1_RetryRequest, _muster_v1_Empty, _muster_v1_RetryRequest__Output, _muster_v1_Empty__Output>
  RevokeOperator: MethodDefinition<_muster_v1_RevokeOperatorRequest, _muster_v1_Empty, _muster_v1_RevokeOperatorRequest__Output, _muster_v1_Empty__Output>
  SetRecoveryKey: MethodDefinition<_muster_v1_SetRecoveryKeyRequest, _muster_v1_SetRecoveryKeyReply, _muster_v1_SetRecoveryKeyRequest__Output, _muster_v1_SetRecoveryKeyReply__Output>
  SmokeTest: MethodDefinition<_muster_v1_SmokeTestRequest, _muster_v1_SmokeTestReply, _muster_v1_SmokeTestRequest__Output, _muster_v1_SmokeTestReply__Output>
  Version: MethodDefinition<_muster_v1_VersionRequest, _muster_v1_VersionReply, _muster_v1_VersionRequest__Output, _muster_v1_VersionReply__Output>
  Watch: MethodDefinition<_muster_v1_WatchRequest, _muster_v1_WatchReply, _muster_v1_WatchRequest__Output, _muster_v1_WatchReply__Output>
}
