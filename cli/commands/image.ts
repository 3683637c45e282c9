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
    run: async (context) => (await import('../run/image.js')).runImageImport(context),
  })
  addCommand(image, io, finish, {
    syntax: 'ls',
    summary: 'list the images',
    scope: 'image',
    examples: ['sandpiper image ls --json'],
    run: async (context) => (await import('../run/image.js')).runImageList(context),
  })
  addCommand(image, io, finish, {
    syntax: 'rm <name>',
    summary: 'remove an image, and the layers that no other one uses',
    scope: 'image',
    asRoot: true,
    examples: ['sandpiper image rm busybox'],
    run: async (context) => (await import('../run/image.js')).runImageRemove(context),
  })
}
