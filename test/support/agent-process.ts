// The real agent as a process, from source, with folders of its own: started, killed, started again.
import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '../..');

export interface AgentProcessOptions {
  readonly coordinators: readonly string[];
  readonly token: string;
  readonly artifacts?: readonly string[];
}

export class AgentProcess {
  readonly directory: string;
  readonly lines: string[] = [];
  private child: ChildProcess | null = null;
  private exited: Promise<number | null> = Promise.resolve(null);

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(options: AgentProcessOptions): Promise<AgentProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'muster-agent-e2e-'));
    const agent = new AgentProcess(directory);
    await mkdir(agent.configDirectory);
    const config = {
      coordinators: options.coordinators,
      artifacts: options.artifacts ?? [],
      nodeName: 'w1',
    };
    await writeFile(join(agent.configDirectory, 'agent.json'), JSON.stringify(config));
    await agent.putToken(options.token);
    return agent;
  }

  /** Another process for the same folders. */
  twin(): AgentProcess {
    return new AgentProcess(this.directory);
  }

  /** Its folders as they are now, copied: as a machine whose disk was cloned. */
  async clone(coordinators: readonly string[]): Promise<AgentProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'muster-agent-e2e-'));
    await cp(this.directory, directory, { recursive: true });
    const agent = new AgentProcess(directory);
    const config = { coordinators, artifacts: [], nodeName: 'w1' };
    await writeFile(join(agent.configDirectory, 'agent.json'), JSON.stringify(config));
    return agent;
  }

  get configDirectory(): string {
    return join(this.directory, 'etc');
  }

  get stateDirectory(): string {
    return join(this.directory, 'state');
  }

  async putToken(token: string): Promise<void> {
    await writeFile(join(this.configDirectory, 'join-token'), token, { mode: 0o600 });
  }

  start(...argv: readonly string[]): this {
    const folders = ['--config-dir', this.configDirectory, '--state-dir', this.stateDirectory];
    const command = argv.length === 0 ? ['run'] : argv;
    const child = spawn(process.execPath, [join(root, 'agent/main.ts'), ...command, ...folders], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '' },
    });
    // By lines: what arrives at once may end in the middle of one.
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => {
        if (line !== '') this.lines.push(line);
      });
    }
    this.exited = new Promise((resolve) => child.once('close', (code) => resolve(code)));
    this.child = child;
    return this;
  }

  /** The exit code. */
  async end(): Promise<number | null> {
    return await this.exited;
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<number | null> {
    this.child?.kill(signal);
    return await this.exited;
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  text(): string {
    return this.lines.join('\n');
  }
}
