/** The errors of this layer: what happened, to what, and what to do about it. */
import { CollectionConfigError, ErrorCode, QueryError, ValidationError } from '../errors/index.js'

export { didYouMean } from '../errors/did-you-mean.js'

/** A statement that makes no sense against the catalog. */
export function queryError(
  message: string,
  remediation?: string,
  details?: Readonly<Record<string, unknown>>,
): QueryError {
  return new QueryError(message, options(remediation, details))
}

/** What the language has and a statement may not use here, or not yet. */
export function unsupported(what: string, remediation?: string): QueryError {
  return new QueryError(`${what} is not supported.`, { ...options(remediation), code: ErrorCode.UNSUPPORTED })
}

/** A declaration or an option that is not what it must be. */
export function invalid(
  message: string,
  remediation?: string,
  details?: Readonly<Record<string, unknown>>,
): ValidationError {
  return new ValidationError(message, options(remediation, details))
}

export function configConflict(
  message: string,
  remediation?: string,
  details?: Readonly<Record<string, unknown>>,
): CollectionConfigError {
  const collection = details?.['collection']
  return new CollectionConfigError(message, {
    ...options(remediation, details),
    ...(typeof collection === 'string' ? { collection } : {}),
  })
}

function options(remediation?: string, details?: Readonly<Record<string, unknown>>) {
  return {
    ...(remediation === undefined ? {} : { remediation }),
    ...(details === undefined ? {} : { details }),
  }
}
