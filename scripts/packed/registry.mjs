/** A package registry with tarballs from a folder and nothing else, for one scope of a project's .npmrc. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { basename } from 'node:path'

function document(tarball, url) {
  const integrity = `sha512-${createHash('sha512').update(readFileSync(tarball.file)).digest('base64')}`
  const dist = { tarball: `${url}/-/${basename(tarball.file)}`, integrity }
  const { name, version, manifest } = tarball
  return { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } }
}

/** Serves `{ name, version, manifest, file }`s at `url` until `close()`. */
export async function serveTarballs(tarballs) {
  let url
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url.slice(1))
    const wanted = tarballs.find(({ name, file }) => name === path || `-/${basename(file)}` === path)
    if (wanted === undefined) return response.writeHead(404).end('{}')
    if (wanted.name === path) return response.end(JSON.stringify(document(wanted, url)))
    return response.end(readFileSync(wanted.file))
  })
  await new Promise(listening => server.listen(0, '127.0.0.1', listening))
  url = `http://127.0.0.1:${server.address().port}`
  return { url, close: () => server.close() }
}
