// A machine: its power, its files, its units, the commands that run on it. Everything here outlives
// agents; what only lives in memory goes with the power.
import type { Chance } from '../core/chance.ts';
import { HostDisk } from '../core/disk.ts';
import type { Life } from '../core/life.ts';
import type { Exec } from './exec-log.ts';
import { type Program, programFor } from './programs.ts';
import type { World } from './world.ts';

export type Role = 'master' | 'worker';

export interface Outcome {
  readonly exitCode: number;
  readonly stderr: string;
}

export interface Process {
  readonly exec: Exec;
  outcome: Outcome | null;
  readonly over: Promise<Outcome>;
  finish(outcome: Outcome, end: Exclude<Exec['end'], null>): void;
}

interface Unit {
  isEnabled: boolean;
  isRunning: boolean;
  startedMs: number;
}

export class SimHost {
  readonly name: string;
  readonly number: number;
  readonly role: Role;
  readonly disk: HostDisk;
  readonly chance: Chance;
  readonly files = new Map<string, string>();
  readonly writtenMs = new Map<string, number>();
  readonly modes = new Map<string, number>();
  readonly units = new Map<string, Unit>();
  readonly images = new Set<string>();
  readonly artifacts = new Set<string>();
  readonly processes = new Map<string, Process>();
  readonly execs: Exec[] = [];
  isOn = false;
  boots = 0;
  bootedMs = 0;
  /** What its wall clock is ahead by. */
  skewMs = 0;
  /** Which way it is cut off from the rest. */
  cut: 'none' | 'coordinator' | 'all' = 'none';
  agent: Life | null = null;
  private readonly world: World;

  constructor(
    world: World,
    options: { readonly name: string; readonly number: number; readonly role: Role },
  ) {
    this.world = world;
    this.name = options.name;
    this.number = options.number;
    this.role = options.role;
    this.chance = world.chance.of(`host ${options.name}`);
    this.disk = new HostDisk(world.scheduler, this.chance.of('disk'));
  }

  get address(): string {
    return `192.168.7.${this.number}`;
  }

  get bootId(): string {
    return `boot-${this.name}-${this.boots}`;
  }

  /** By other hosts. */
  get isReachable(): boolean {
    return this.isOn && this.cut !== 'all';
  }

  isRunning(unit: string): boolean {
    return this.isOn && this.units.get(unit)?.isRunning === true;
  }

  startedMs(unit: string): number {
    return this.units.get(unit)?.startedMs ?? Number.POSITIVE_INFINITY;
  }

  put(path: string, content: string): void {
    if (this.files.get(path) === content) return;
    this.files.set(path, content);
    this.writtenMs.set(path, this.world.scheduler.nowMs);
  }

  setUnit(name: string, change: Partial<Unit>): void {
    const unit = this.units.get(name) ?? { isEnabled: false, isRunning: false, startedMs: 0 };
    const startedMs = change.isRunning === true ? this.world.scheduler.nowMs : unit.startedMs;
    this.units.set(name, { ...unit, ...change, startedMs });
  }

  start(argv: readonly string[], unit: string): Process {
    const program = programFor(argv, { host: this, world: this.world });
    const exec: Exec = {
      unit,
      argv,
      beganMs: this.world.scheduler.nowMs,
      isOnce: program.isOnce,
      wasDone: program.parts.every((part) => part.isThere()),
      isDisruptive: program.isDisruptive,
      end: null,
    };
    const over = Promise.withResolvers<Outcome>();
    const process: Process = {
      exec,
      outcome: null,
      over: over.promise,
      finish: (outcome, end) => {
        if (process.outcome !== null) return;
        process.outcome = outcome;
        exec.end = end;
        this.world.tell({ kind: 'exec-ended', host: this, exec });
        over.resolve(outcome);
      },
    };
    this.execs.push(exec);
    this.processes.set(unit, process);
    this.world.tell({ kind: 'exec-began', host: this, exec });
    this.carryOut(process, program);
    return process;
  }

  /** Part by part, so that one that is cut off leaves a half. */
  private carryOut(process: Process, program: Program): void {
    const { parts } = program;
    const ms = this.chance.between(...program.lastsMs) / (parts.length + 1);
    let at = 0;
    const next = (): void => {
      if (process.outcome !== null) return;
      const why = program.refuses();
      if (why !== null) {
        process.finish({ exitCode: 1, stderr: why }, 'failed');
        return;
      }
      const part = parts[at];
      at += 1;
      if (part === undefined) {
        process.finish({ exitCode: 0, stderr: '' }, 'done');
        return;
      }
      part.make();
      this.world.scheduler.schedule(ms, null, next);
    };
    this.world.scheduler.schedule(ms, null, next);
  }

  stopProcess(unit: string): void {
    this.processes.get(unit)?.finish({ exitCode: 143, stderr: 'stopped' }, 'stopped');
  }

  powerOn(): void {
    this.isOn = true;
    this.boots += 1;
    this.bootedMs = this.world.scheduler.nowMs;
    for (const [name, unit] of this.units) {
      if (unit.isEnabled) this.setUnit(name, { isRunning: true });
    }
    if (this.isRunning('etcd.service')) this.world.etcd.noteStart(this);
  }

  /** Everything that was only in memory is gone. */
  cutPower(): void {
    this.isOn = false;
    this.disk.cutPower();
    for (const process of this.processes.values()) {
      process.finish({ exitCode: 137, stderr: 'lost' }, 'lost');
    }
    this.processes.clear();
    for (const name of this.units.keys()) this.setUnit(name, { isRunning: false });
  }
}
