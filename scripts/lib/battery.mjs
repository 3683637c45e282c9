import { BATTERY } from '../../dist/native/lib/battery/battery.js'
import { GUARDS } from '../../dist/native/lib/battery/row.js'

const INTRODUCTION = `
<!-- Made by \`npm run docs\` from native/lib/battery. -->

# The escape battery

What is tried from inside a step as its root, and what holds it off. Each row is a test: it is refused in the
product; it is refused with any one of the guards alone; and without all of them it works, so the test can fail. For
that a second launcher, of the same object files, leaves out what a test names (\`native/src/tampering\`); the
product has no such switch. What would change the host is asked for with arguments that the kernel refuses after it
has looked at the right to do it.
`

const BESIDE = `
## Beside the table

| a step tries | what comes of it | without its guard |
| --- | --- | --- |
| bombs of processes, memory, descriptors, files, bytes in memory and on disk, and the kernel’s memory by pipes, sockets, connections, messages | held at the limit, which is named where it ends the step; another step goes on | more than the limit |
| to spin | its share of the processor, and no more | more |
| to leave a daemon that ignores SIGTERM, to stop all its processes | gone with the step | the daemon lives on |
| to start in a descriptor of the launcher (CVE-2024-21626) | refused | the host’s tree |
| mount targets that are links to /proc, or are swapped meanwhile (CVE-2025-31133, -52565, -52881) | refused, or where they should be | /proc is covered |
| set-user-id bits and devices of a layer | nothing | another user, a device |
| archives of layers with \`..\`, absolute names, links that are written through, hard links, whiteouts | contained or refused | files outside change |
| links, pipes, devices, names with lines or of 255 bytes and trees deeper than a path, in workspace, volumes and its root, for the runner to walk into (CVE-2021-30465, CVE-2024-41121) | removed, measured, shared and given away without what links lead to | a simple walk is misled |
| to take the place of its script, outputs and hosts file | refused | |

These are \`native/lib/battery/*.test.ts\`, \`runner/hostile-tree.test.ts\`, \`runner/stage/hostile-steps.test.ts\`,
\`runner/layers/layer-filter.test.ts\` and \`runner/stage/outputs\`.
`

/** docs/security-battery.md as text. */
export function batteryMarkdown() {
  const parts = [INTRODUCTION.trim(), ...BATTERY.map(areaMarkdown), BESIDE.trim(), guardsMarkdown()]
  return `${parts.join('\n\n')}\n`
}

function areaMarkdown({ title, rows }) {
  const lines = rows.map((row) => {
    const refused = [row.refused].flat().join(', ')
    return `| ${row.title} | ${refused} | ${row.guards.join(', ')} |`
  })
  const head = ['| a step can’t | what comes back | each alone |', '| --- | --- | --- |']
  return [`## ${title}`, '', ...head, ...lines].join('\n')
}

function guardsMarkdown() {
  const lines = Object.entries(GUARDS).map(([name, what]) => `- ${name}: ${what}`)
  return ['## The guards', '', ...lines].join('\n')
}
