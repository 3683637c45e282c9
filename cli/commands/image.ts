import type { Command } from 'commander'
import { addCommand, addGroup, type Finish } from '../command.js'
import type { CliIo } from '../io.js'

/** `sandpiper image ...` */
export function addImageCommands(program: Command, io: CliIo, finish: Finish): void {
  const image = addGroup(program, 'image', 'the images that steps of this host run on')
  addCommand(image, io, finish, {
    syntax: 'import <name>',
    summary: 'make an image of a root file system',
    scope: 'image',
    asRoot: true,
    options: [
      ['--tar <file>', 'a tar of a root, or an archive of `docker save` or in OCI layout'],
      ['--dir <directory>', 'a directory'],
      ['--busybox', "the host's static busybox"],
    ],
    examples: [
      'sandpiper image import busybox --busybox',
      'sandpiper image import debian:12 --tar debian-12-root.tar',
    ],
    run: async (context) => (await import('../images/import.js')).runImageImport(context),
  })
  addCommand(image, io, finish, {
    syntax: 'ls',
    summary: 'list the images',
    scope: 'image',
    examples: ['sandpiper image ls --json'],
    run: async (context) => (await import('../images/list.js')).runImageList(context),
  })
  addCommand(image, io, finish, {
    syntax: 'rm <name>',
    summary: 'remove an image, and the layers that no other one uses',
    scope: 'image',
    asRoot: true,
    examples: ['sandpiper image rm busybox'],
    run: async (context) => (await import('../images/remove.js')).runImageRemove(context),
  })
  addCommand(image, io, finish, {
    syntax: 'pull <name>',
    summary: 'bring an image from its registry',
    scope: 'image',
    asRoot: true,
    examples: [
      'sandpiper image pull golang:1.23',
      'sandpiper image pull --registry-insecure localhost:5000 localhost:5000/team/tool:v2',
      '',
      'Layers that are here already are not brought again. Everything is checked against its digest.',
    ],
    run: async (context) => (await import('../images/pull.js')).runImagePull(context),
  })
  addCommand(image, io, finish, {
    syntax: 'inspect <name>',
    summary: 'show all that is known of an image and its layers, as JSON',
    scope: 'image',
    examples: ['sandpiper image inspect golang:1.23'],
    run: async (context) => (await import('../images/inspect.js')).runImageInspect(context),
  })
  addCommand(image, io, finish, {
    syntax: 'prune',
    summary: 'remove layers that nothing leads to, and with --layers-max what was used longest ago',
    scope: 'image',
    asRoot: true,
    options: [
      [
        '--all',
        'all images too, also imported ones, but for those that are pinned or that something runs on',
      ],
    ],
    examples: ['sandpiper image prune', 'sandpiper image prune --layers-max 20g'],
    run: async (context) => (await import('../images/prune.js')).runImagePrune(context),
  })
  for (const [syntax, summary, pinned] of [
    ['pin <name>', 'keep an image, whatever room is needed', true],
    ['unpin <name>', 'let an image go when room is needed', false],
  ] as const) {
    addCommand(image, io, finish, {
      ...{ syntax, summary, scope: 'image', asRoot: true },
      examples: [`sandpiper image ${syntax.replace('<name>', 'golang:1.23')}`],
      run: async (context) => (await import('../images/remove.js')).runImagePin(context, pinned),
    })
  }
  addCommand(image, io, finish, {
    syntax: 'verify',
    summary: 'look whether every layer is as it was unpacked, and every image has its layers',
    scope: 'image',
    asRoot: true,
    options: [['--repair', 'remove what is damaged, so that it is brought again']],
    examples: ['sandpiper image verify', '', 'Exit codes: 0 all is well, 1 something is not.'],
    run: async (context) => (await import('../images/verify.js')).runImageVerify(context),
  })
}
