// What happens in the world and is worth knowing: the lines of a trace, and what invariants look at.
import type { JournalRecord } from '../../../shared/model/progress.ts';
import type { Exec } from './exec-log.ts';
import type { SimHost } from './host.ts';

export type WorldEvent =
  | { readonly kind: 'exec-began' | 'exec-ended'; readonly host: SimHost; readonly exec: Exec }
  /** A record is on the disk for good. */
  | { readonly kind: 'journalled'; readonly host: SimHost; readonly record: JournalRecord }
  /** A step that measures a gate says that it is open. */
  | {
      readonly kind: 'gate';
      readonly host: SimHost;
      readonly planId: string;
      readonly stepId: string;
      /** What the world itself says at that moment. */
      readonly isTrue: boolean;
    }
  /** An answer to a poll reached the agent. */
  | { readonly kind: 'answered'; readonly host: SimHost }
  /** An agent tells what it has accepted: by lane (epoch, sequence), and the plans. */
  | {
      readonly kind: 'told';
      readonly host: SimHost;
      readonly lanes: readonly {
        readonly lane: string;
        readonly epoch: number;
        readonly sequence: number;
        readonly planIds: readonly string[];
      }[];
    }
  /** The coordinator said that it has these records. */
  | {
      readonly kind: 'acknowledged';
      readonly host: SimHost;
      readonly records: readonly JournalRecord[];
    }
  /** Something that was said long ago is said again. */
  | { readonly kind: 'replayed'; readonly host: SimHost; readonly what: string }
  /** An agent's highest accepted pair is on the disk. */
  | {
      readonly kind: 'raised';
      readonly host: SimHost;
      readonly lane: string;
      readonly epoch: number;
      readonly sequence: number;
    }
  | { readonly kind: 'committed'; readonly key: string; readonly value: unknown }
  /** A process is gone; `power`: its machine too. */
  | { readonly kind: 'crashed'; readonly who: string; readonly how: 'killed' | 'power' }
  | { readonly kind: 'started'; readonly who: string }
  | {
      readonly kind: 'etcd-act';
      readonly host: SimHost;
      readonly verb: string;
      readonly voters: number;
    }
  | { readonly kind: 'fault'; readonly what: string }
  | { readonly kind: 'story'; readonly what: string };

export function lineOf(event: WorldEvent): string {
  switch (event.kind) {
    case 'exec-began':
    case 'exec-ended': {
      const { argv, unit, end } = event.exec;
      return `${event.host.name} ${event.kind} ${unit}: ${argv.join(' ')}${end === null ? '' : ` (${end})`}`;
    }
    case 'journalled':
      return `${event.host.name} journal ${recordLine(event.record)}`;
    case 'gate':
      return `${event.host.name} gate ${event.planId}/${event.stepId} is ${event.isTrue ? 'open' : 'said to be open'}`;
    case 'replayed':
      return `${event.host.name} hears again: ${event.what}`;
    case 'raised':
      return `${event.host.name} keeps ${event.lane} ${event.epoch}.${event.sequence}`;
    case 'answered':
      return `${event.host.name} has an answer`;
    case 'told':
      return `${event.host.name} polls ${event.lanes.map(({ lane, epoch, sequence, planIds }) => `${lane} ${epoch}.${sequence} [${planIds.join(' ')}]`).join(', ')}`;
    case 'acknowledged':
      return `coordinator has ${event.records.length} records of ${event.host.name}`;
    case 'committed':
      return `coordinator stores ${event.key}`;
    case 'crashed':
      return `${event.who} ${event.how === 'power' ? 'loses its power' : 'is killed'}`;
    case 'started':
      return `${event.who} starts`;
    case 'etcd-act':
      return `${event.host.name} etcd ${event.verb}, ${event.voters} voters run`;
    default:
      return `${event.kind}: ${event.what}`;
  }
}

function recordLine(record: JournalRecord): string {
  const about = `${record.event} ${record.planId}`;
  switch (record.event) {
    case 'step-intent':
      return `${about}/${record.stepId} attempt ${record.attempt}`;
    case 'step-outcome':
      return `${about}/${record.stepId} ${record.result} ${record.error?.message ?? ''}`;
    case 'plan-finished':
      return `${about} ${record.state} ${record.error?.message ?? ''}`;
    case 'plan-refused':
      return `${about} ${record.reason}: ${record.message}`;
    case 'plan-accepted':
      return `${about} ${record.lane} ${record.epoch}.${record.sequence} ${record.goal}`;
    default:
      return about;
  }
}
