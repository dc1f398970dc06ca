// What an agent sees of what runs on its host, measured every few seconds. Sent with every poll and
// never stored. The document holds nothing that changes by itself: sizes come in steps and times are
// the host's own clock, so that a host on which nothing happens says the same bytes again.
import type { CertificateFact, Known } from './facts.ts';

/** The units that Muster runs on hosts. */
export const watchedUnits = [
  'containerd.service',
  'kubelet.service',
  'etcd.service',
  'muster-api-proxy.service',
] as const;
export type WatchedUnit = (typeof watchedUnits)[number];

export interface UnitHealth {
  readonly name: WatchedUnit;
  /** As systemd says it: loaded, not-found, masked … */
  readonly load: string;
  /** active, inactive, failed, activating … */
  readonly active: string;
  /** running, dead, auto-restart … */
  readonly sub: string;
  /** success, exit-code, signal, oom-kill … */
  readonly result: string;
  /** Restarts that systemd did by itself within the last five minutes, as far as the agent saw them. */
  readonly recentRestarts: number;
  /** When it came into this state, by the host's clock; null when it never had one. */
  readonly sinceMs: number | null;
}

/** Whether something answers as it should. */
export interface AnswerHealth {
  readonly ok: boolean;
  /** What it answers, or why it does not; empty when it is right. */
  readonly message: string;
  /** Since when it is so, by the host's clock. */
  readonly sinceMs: number;
}

/** The Kubernetes node of the host, by the kubelet's own credential. */
export type NodeHealth =
  | {
      readonly kind: 'seen';
      readonly name: string;
      readonly ready: 'True' | 'False' | 'Unknown';
      readonly reason: string;
      readonly message: string;
      readonly sinceMs: number;
      /** Conditions other than Ready that are True: MemoryPressure, DiskPressure … */
      readonly pressures: readonly { readonly type: string; readonly sinceMs: number }[];
    }
  /** The API has no such node. */
  | { readonly kind: 'missing'; readonly name: string; readonly sinceMs: number }
  /** The API does not answer, or not this credential. */
  | { readonly kind: 'unreachable'; readonly message: string; readonly sinceMs: number };

export interface EtcdMemberSeen {
  /** Decimal: a 64-bit number. */
  readonly id: string;
  /** Empty for a member that never started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly learner: boolean;
}

/** The etcd member of the host. */
export interface EtcdHealth {
  /** A linearizable read: answered only by a member that is part of a majority. */
  readonly read: AnswerHealth;
  readonly status: Known<{
    readonly memberId: string;
    /** Null: it knows of no leader. */
    readonly leaderId: string | null;
    readonly learner: boolean;
    readonly databaseBytes: number;
    readonly quotaBytes: number;
    /** Of the database; the rest of it are free pages. Absent from agents that do not tell it. */
    readonly inUseBytes?: number;
    /** In steps of a thousand: it grows with every write. */
    readonly raftIndex?: number;
    readonly raftTerm?: number;
    readonly version?: string;
    /** NOSPACE, CORRUPT */
    readonly alarms: readonly { readonly name: string; readonly sinceMs: number }[];
  }>;
  readonly members: Known<readonly EtcdMemberSeen[]>;
}

export interface SpaceHealth {
  readonly path: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** A certificate in a file. */
export interface CertificateHealth extends CertificateFact {
  /** Missing in reports of version 0.1, like the digest. */
  readonly notBeforeMs?: number | undefined;
  /** SHA-256 of its DER, lower-case hex. */
  readonly sha256?: string | undefined;
}

export const certificateServers = ['kube-apiserver', 'etcd', 'etcd-peer', 'kubelet'] as const;
export type CertificateServer = (typeof certificateServers)[number];

/** A certificate that a running process shows to whoever connects. */
export interface ServedCertificate {
  readonly by: CertificateServer;
  readonly subject: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly sha256: string;
}

/** What is null is not there on this host: no kubelet set up yet, no etcd member, no API server. */
export interface HealthReport {
  readonly schema: 'muster/health/v1';
  readonly bootId: Known<string>;
  readonly units: Known<readonly UnitHealth[]>;
  readonly kubelet: AnswerHealth | null;
  readonly node: NodeHealth | null;
  /** Of this host, at its own address. */
  readonly apiServer: AnswerHealth | null;
  readonly etcd: EtcdHealth | null;
  readonly certificates: Known<readonly CertificateHealth[]>;
  /** Of what answers; missing in reports of version 0.1. */
  readonly served?: Known<readonly ServedCertificate[]> | undefined;
  readonly disks: Known<readonly SpaceHealth[]>;
  readonly memory: Known<{ readonly totalBytes: number; readonly availableBytes: number }>;
  readonly clock: Known<{ readonly synchronized: boolean; readonly service: string | null }>;
}
