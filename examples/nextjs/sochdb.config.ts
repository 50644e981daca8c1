import type { Config } from '@sochdb/generator'

/** Next.js resolves imports as bundlers do: without extensions. */
export default { out: 'src/generated', importExtension: '' } satisfies Config
