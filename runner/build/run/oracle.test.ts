import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { TestRegistry } from '../../testing/registry.js'
import { openTestHost, type TestHost } from '../../testing/stages.js'
import {
  buildWithBuildah,
  dissect,
  makeTree,
  runBuild,
  type Anatomy,
  type Files,
} from '../testing/builds.js'

/** buildah's builds of the same Dockerfiles are what ours are compared with. */
let registry: TestRegistry
let host: TestHost
let count = 0

beforeAll(async () => {
  registry = await TestRegistry.start()
  host = await openTestHost(
    { memoryBytes: 256 * 1024 * 1024, pids: 64 },
    { registries: { insecure: [registry.host] } },
  )
  await host.host.deps.layers.importBusybox(base())
  const tree = await makeTree(host, { Dockerfile: `FROM ${base()}\n` })
  const { log, outcome } = await runBuild(host, tree, { repo: `${registry.host}/base`, tags: '1' })
  expect(`${outcome.status} ${log}`).toContain('success')
}, 60_000)

afterAll(async () => {
  await host.remove()
  await registry.remove()
})

const base = (): string => `${registry.host}/base:1`

async function compare(
  files: Files,
  settings: Files = {},
  args: readonly string[] = [],
): Promise<{ readonly ours: Anatomy; readonly theirs: Anatomy; readonly log: string }> {
  const number = String(count++)
  const all = Object.fromEntries(
    Object.entries(files).map(([name, text]) => [name, text.replaceAll('BASE', base())]),
  )
  const tree = await makeTree(host, all)
  const directory = path.join(host.directory, `compared-${number}`)
  const theirs = await buildWithBuildah(tree, directory, args)
  const repo = `${registry.host}/built`
  const { log, outcome } = await runBuild(host, tree, {
    ...{ repo, tags: number, auto_label: 'false' },
    ...settings,
  })
  expect(`${outcome.status} ${outcome.error}\n${log}`).toMatch(/^success/)
  const layout = path.join(directory, 'ours')
  await registry.copyOut(`built:${number}`, `oci:${layout}:x`)
  const ours = await dissect(layout, 'x', path.join(directory, 'our-bundle'))
  return { ours, theirs, log }
}

async function expectSame(...args: Parameters<typeof compare>): Promise<void> {
  const { ours, theirs } = await compare(...args)
  expect(ours.files).toEqual(theirs.files)
  expect(ours.config).toEqual(theirs.config)
}

/** Makes an archive with files, links and modes. */
function tar(options: string): string {
  const make =
    'd=$(mktemp -d) && cd $d && mkdir -p a/b && echo 1 > a/b/file && chmod 4711 a/b/file && ln a/b/file a/hard && ln -s b/file a/soft && mkdir -m 1777 tmp'
  return `(${make} && tar ${options} --mtime=@86400 --sort=name -cf - a tmp; rm -rf $d)`
}

/** Every Dockerfile here is built by both; `BASE` is an image of the registry. */
const CASES: readonly (readonly [string, Files, Files?, (readonly string[])?])[] = [
  [
    'RUN and the configuration',
    {
      Dockerfile: `ARG V=1
FROM BASE
ARG V
ENV A=1 B="x y" PATH=/opt/bin:$PATH
LABEL one=1 "two words"="x $A"
RUN mkdir -p /opt/bin && echo "$V $B" > /opt/bin/made && ln -s made /opt/bin/link && \
    chmod 4755 /opt/bin/made && rm -rf /home && mkdir /home && rm /etc/nsswitch.conf
WORKDIR /opt/app
RUN echo app:x:1000:1000::/home/app:/bin/sh >> /etc/passwd && chown 1000:1000 . && pwd > here
USER app
RUN id -u > /opt/app/user; echo $HOME >> /opt/app/user
WORKDIR sub
EXPOSE 80 53/udp
VOLUME /data
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --retries=2 CMD true
SHELL ["/bin/sh", "-ec"]
ENTRYPOINT ["sleep"]
CMD ["1"]
ONBUILD RUN true
`,
    },
  ],
  [
    'COPY with patterns, links, owners and an ignore list',
    {
      Dockerfile: `FROM BASE
RUN mkdir -p /there && chmod 1777 /there && ln -s there /linked
WORKDIR /w
COPY *.txt one /txt/
COPY --chown=5:6 dir /dir
COPY --chown=nobody link.txt /owned/deep/
COPY dir/ .
COPY one /linked/
COPY one /there/two
COPY ["with space", "/with space"]
COPY . /all
`,
      'a.txt': 'a',
      'b.txt': '600:b',
      one: '755:1',
      'with space': 's',
      'dir/in': 'x',
      'dir/deep/in': 'y',
      'dir/link': '->in',
      'link.txt': '->dir/in',
      'ignored/x': 'x',
      'ignored/keep': 'x',
      'sub/y.tmp': 'x',
      '.dockerignore': 'ignored\n!ignored/keep\n**/*.tmp\n',
    },
  ],
  [
    'several stages, of which only those that are needed are built',
    {
      Dockerfile: `FROM BASE AS first
RUN mkdir /out && echo 1 > /out/file && chmod 640 /out/file && chown 7:8 /out /out/file
FROM BASE AS broken
RUN exit 1
FROM first AS second
ENV FROM_SECOND=1
RUN echo 2 > /out/second
FROM scratch
COPY --from=first /out /one
COPY --from=2 --chown=9:9 /out/second /two
COPY --from=BASE /etc/group /group
`,
    },
  ],
  [
    'a target, arguments and variables in all places',
    {
      Dockerfile: `ARG TAG=1
ARG NAME=value
FROM BASE AS wanted
ARG NAME
ARG OTHER=\${NAME:-none}-\${NONE:-default}
ENV E=$OTHER F="\${E:+set}" G='$NAME' H=\\$NAME I=a\\ b
LABEL name=$NAME
ENV J the rest of $E
WORKDIR /$NAME
USER \${USER_ID:-12}:34
COPY file$SUFFIX to-$NAME
FROM wanted
RUN exit 1
`,
      file: 'f',
    },
    { target: 'wanted', build_args: 'NAME=given' },
    ['--target', 'wanted', '--build-arg', 'NAME=given'],
  ],
  [
    'ADD of archives, which it unpacks, and of other files, which it does not',
    {
      Dockerfile: `FROM BASE
ADD plain.tar /plain
ADD packed.tgz /
ADD --chown=5:6 packed.tgz /owned/deep/
ADD only.gz one.txt /files/
ADD dir /dir
COPY packed.tgz /copied.tgz
`,
      'plain.tar': `$ ${tar('--owner=7 --group=8')}`,
      'packed.tgz': `$ ${tar('--owner=0 --group=0')} | gzip -n`,
      'only.gz': '$ echo content | gzip -n',
      'one.txt': 'x',
      'dir/inner.tar': `$ ${tar('')}`,
    },
  ],
]

describe('what is built', () => {
  it.each(CASES.map(([name, ...rest]) => ({ name, rest })))(
    'is what buildah builds of $name',
    ({ rest }) => expectSame(...rest),
    120_000,
  )
})
