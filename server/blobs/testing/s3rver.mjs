// An S3 server on a free port of the loopback, with one bucket: `node s3rver.mjs DIRECTORY BUCKET`. Prints its address.
import S3rver from 's3rver'

const [directory, bucket] = process.argv.slice(2)
const server = new S3rver({
  address: '127.0.0.1',
  port: 0,
  silent: true,
  directory,
  configureBuckets: [{ name: bucket }],
})
const { port } = await server.run()
process.stdout.write(`http://127.0.0.1:${port}\n`)
// It ends with whoever started it.
process.stdin.on('end', () => process.exit(0)).resume()
