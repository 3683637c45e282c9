import type { Command } from 'commander'
import { CONVERT_FROM } from '../../pipelines/convert/convert-from.js'
import { addCommand, type Finish } from '../command.js'
import type { CliIo } from '../io.js'

/** `sandpiper convert` */
export function addConvertCommand(program: Command, io: CliIo, finish: Finish): void {
  addCommand(program, io, finish, {
    syntax: 'convert <file>',
    summary:
      "print another tool's pipeline file, or a directory of them, in Sandpiper's language, and what changed on stderr",
    scope: 'doctor',
    options: [
      [
        '--from <language>',
        `what the file is written in: ${CONVERT_FROM.join(', ')}; default: auto`,
      ],
      ['--out <file>', 'write to this file, which must not be there yet, instead of stdout'],
    ],
    examples: [
      'sandpiper convert .woodpecker.yml --out .pipeline.yml',
      'sandpiper convert .woodpecker/ --out .pipeline.yml   # a document for each file',
      'sandpiper convert --from drone-0.8 ci/old.yml | sandpiper lint -',
    ],
    run: async (context) => (await import('../run/convert.js')).runConvert(context),
  })
}
