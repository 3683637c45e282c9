import type { Command } from 'commander'
import { addCommand, type Finish } from '../command.js'
import type { CliIo } from '../io.js'

/** `sandpiper doctor` */
export function addDoctorCommand(program: Command, io: CliIo, finish: Finish): void {
  addCommand(program, io, finish, {
    syntax: 'doctor',
    summary: 'check what this host can do, and say how to mend what is missing',
    scope: 'doctor',
    examples: ['sandpiper doctor', 'sandpiper doctor --json'],
    run: async (context) => (await import('../run/doctor.js')).runDoctor(context),
  })
}
