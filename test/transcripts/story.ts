// A story: things happen to a fleet, one after another, and after each it is told what the planner
// made of it: what it recorded for good, which plans it issued, and what every host is and waits for
// where that is new.
import type { Decision } from '../../coordinator/planner/decision.ts';
import type { NodeView } from '../../coordinator/planner/view.ts';
import type { ClusterRecord, PlanRecord } from '../../coordinator/store/records.ts';
import type { StepError, StepOutputs } from '../../shared/model/progress.ts';
import { aCluster, aView, startMs } from '../support/cluster-builders.ts';
import { PlanningWorld } from '../support/planning-world.ts';
import {
  attemptOf,
  faultsOf,
  goalOf,
  phasesOf,
  recordLines,
  setSchedule,
  type ToldWait,
  waitsOf,
  wakeOf,
} from './adapter.ts';

export class Story {
  readonly title: string;
  readonly world: PlanningWorld;
  /** Hosts whose agents do not take what is issued to them. */
  readonly slow = new Set<string>();
  readonly #lines: string[] = [];
  readonly #told = new Map<string, string>();
  #record: readonly string[];
  #faults: readonly string[] = [];
  #stops: readonly string[] = [];
  #plans = 0;
  #wakeMs: number | null = null;

  constructor(title: string, nodes: readonly NodeView[], cluster: ClusterRecord = aCluster()) {
    this.title = title;
    const joined = nodes.map((node) => joinedAt(node, startMs));
    this.world = new PlanningWorld([], aView(joined, cluster));
    // A story says when: what would be due by itself in the middle of another is not told.
    setSchedule(this.world, 'off');
    this.#record = this.#recordLines();
  }

  text(): string {
    return `${[this.title, ...this.#lines].join('\n')}\n`;
  }

  /** Something happens, a second after what was before; then the coordinator decides until it is done. */
  happens(what: string, act: () => void = () => undefined): void {
    if (this.#lines.length > 0) this.world.now += 1000;
    act();
    this.#lines.push('', `${timeOf(this.world.now)}  ${what}`);
    this.world.settle();
    for (const plan of this.world.running()) if (this.#isTaken(plan)) this.world.accept(plan);
    this.#tell(this.world.settle());
  }

  /** The story begins in the middle: what `act` does to the world is not told, where it ends is. */
  begins(what: string, act: () => void): void {
    act();
    this.world.settle();
    this.#plans = this.world.plans.length;
    this.happens(what);
  }

  joins(...nodes: readonly NodeView[]): void {
    this.happens(`${namesOf(nodes)} ${nodes.length === 1 ? 'joins' : 'join'}`, () => {
      for (const node of nodes) this.world.add(joinedAt(node, this.world.now));
    });
  }

  /** @param labels "m1: prepare host" */
  ends(...labels: readonly string[]): void {
    const plans = labels.map((label) => this.#plan(label));
    this.happens(`${labels.toSorted(byName).join('; ')}: done`, () => {
      for (const plan of plans) this.world.finish(plan);
    });
  }

  /** @param told outputs by kind of step */
  endsWith(label: string, told: Readonly<Record<string, StepOutputs>>): void {
    const plan = this.#plan(label);
    const words = Object.values(told).map(
      (outputs) =>
        `${Object.entries(outputs)
          .map(([name, value]) => `${name} ${value}`)
          .join(', ')}`,
    );
    this.happens(`${label}: done: ${words.join('; ')}`, () => this.world.finish(plan, told));
  }

  /** The agent has heard of the stop. */
  stops(label: string): void {
    const plan = this.#plan(label);
    this.happens(`${label}: stopped`, () => this.world.stop(plan));
  }

  /** What runs. */
  labels(): readonly string[] {
    return this.world.running().map((plan) => this.#label(plan));
  }

  /** Every plan that runs ends well, the next ones too, until nothing runs. */
  runsOut(): void {
    for (let round = 0; this.world.running().length > 0; round += 1) {
      if (round > 50) throw new Error(`"${this.title}" does not end`);
      this.ends(...this.world.running().map((plan) => this.#label(plan)));
    }
  }

  fails(label: string, error: Pick<StepError, 'message'> & Partial<StepError>): void {
    const plan = this.#plan(label);
    this.happens(`${label}: failed: ${error.message}`, () => this.world.fail(plan, error));
  }

  /** Nothing happens until the moment the planner asked to be woken at. */
  wakes(): void {
    const wakeMs = this.#wakeMs;
    if (wakeMs === null) throw new Error(`nothing wakes "${this.title}"`);
    this.happens('nothing else happens', () => {
      this.world.now = wakeMs;
    });
  }

  passes(what: string, ms: number): void {
    this.happens(what, () => {
      this.world.now += ms;
    });
  }

  #isTaken(plan: PlanRecord): boolean {
    const node = this.#node(plan.nodeId);
    return plan.state === 'issued' && node.online && !this.slow.has(node.record.name);
  }

  #node(nodeId: string): NodeView {
    const found = this.world.view.nodes.find(({ record }) => record.id === nodeId);
    if (found === undefined) throw new Error(`no host ${nodeId}`);
    return found;
  }

  #label(plan: PlanRecord): string {
    return `${this.#node(plan.nodeId).record.name}: ${goalOf(plan)}`;
  }

  #plan(label: string): PlanRecord {
    const running = this.world.running();
    const found = running.find((plan) => this.#label(plan) === label);
    if (found !== undefined) return found;
    const labels = running.map((plan) => this.#label(plan)).join(', ');
    throw new Error(`"${label}" does not run in "${this.title}"; it has: ${labels}`);
  }

  #tell(decision: Decision): void {
    const lines = this.#lines.length;
    const record = this.#recordLines();
    const faults = faultsOf(decision);
    const issued = this.world.plans.slice(this.#plans);
    this.#say('recorded', newIn(record, this.#record));
    this.#say('preflight', newIn(faults, this.#faults));
    this.#say('mended', newIn(this.#faults, faults));
    const stopping = this.world.running().filter(({ stopRequested }) => stopRequested);
    const stops = stopping.map((plan) => this.#label(plan)).toSorted(byName);
    this.#say('stops', newIn(stops, this.#stops));
    this.#stops = stops;
    this.#say('issued', issued.map(issuedLine).toSorted(byName));
    this.#record = record;
    this.#faults = faults;
    this.#plans = this.world.plans.length;
    const waits = waitsOf(decision, this.world.now);
    const phases = phasesOf(decision);
    const { cluster, nodes } = this.world.view;
    for (const name of [cluster.name, ...nodes.map((node) => node.record.name)]) {
      const own = waits.filter((wait) => wait.subject === name).map((wait) => this.#wait(wait));
      this.#tellSubject(name, phases[name] ?? null, own.toSorted(byName));
    }
    this.#wakeMs = wakeOf(decision);
    if (this.#lines.length === lines) this.#lines.push('  nothing new');
    if (this.#wakeMs !== null) this.#lines.push(`  looks again at ${timeOf(this.#wakeMs)}`);
  }

  #say(word: string, lines: readonly string[]): void {
    for (const line of lines) this.#lines.push(`  ${word.padEnd(9)} ${line}`);
  }

  #tellSubject(name: string, phase: string | null, waits: readonly string[]): void {
    const now = [phase ?? '', ...waits].join('\n');
    const before = this.#told.get(name) ?? '';
    if (now === before) return;
    this.#told.set(name, now);
    const was = before.split('\n')[0] ?? '';
    const is = was === '' || was === phase ? (phase ?? 'the cluster') : `${was} → ${phase}`;
    const lines = waits.length === 0 ? ['waits for nothing'] : waits;
    this.#lines.push(`  ${name.padEnd(9)} ${is}`, ...lines.map((line) => `    ${line}`));
  }

  #wait({ isHeld, sentence, endsWhen, sinceMs }: ToldWait): string {
    const word = isHeld ? 'HELD  ' : '';
    const text = `${word}${sentence}; until ${endsWhen}; since ${timeOf(sinceMs)}`;
    return text.replace(/\bp\d{12}\b/g, (planId) => {
      const plan = this.world.plans.find((issued) => issued.planId === planId);
      return plan === undefined ? planId : `<${issuedLine(plan)}>`;
    });
  }

  #recordLines(): readonly string[] {
    return recordLines(this.world.view.cluster, {
      nameOf: (id) => this.#node(id).record.name,
      timeOf,
    });
  }
}

function issuedLine({ node, draft }: PlanningWorld['plans'][number]): string {
  const attempt = attemptOf(draft) === 1 ? '' : ` (attempt ${attemptOf(draft)})`;
  return `${node}: ${goalOf(draft)}${attempt}`;
}

const joinedAt = (node: NodeView, atMs: number): NodeView => ({
  ...node,
  record: { ...node.record, joinedMs: atMs },
  lastPollMs: atMs,
});

const byName = (a: string, b: string): number => a.localeCompare(b, 'en');

const newIn = (lines: readonly string[], before: readonly string[]): readonly string[] =>
  lines.filter((line) => !before.includes(line));

const namesOf = (nodes: readonly NodeView[]): string =>
  nodes.map(({ record }) => record.name).join(', ');

/** Hours, minutes and seconds since the cluster was made. */
function timeOf(atMs: number): string {
  const seconds = (atMs - startMs) / 1000;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${hours}:${two(minutes)}:${two(seconds % 60)}`;
}
