// `npm run lab -- …`: looks into, breaks and mends the fleet of a lab from a terminal.
import { processIo } from './commands/command-line.ts';
import { labCommands } from './commands/lab-commands.ts';
import { runLab } from './commands/program.ts';

process.exitCode = await runLab(process.argv.slice(2), labCommands(processIo), processIo);
