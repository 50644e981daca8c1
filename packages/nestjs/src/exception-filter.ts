/** What errors of the store are to a client of the application. */
import { Catch, HttpException, HttpStatus, type ArgumentsHost } from '@nestjs/common'
import { BaseExceptionFilter } from '@nestjs/core'
import { ErrorCode, SochDBError } from 'sochdb'

interface Answer {
  readonly status: HttpStatus
  readonly error: string
  /** Of the store's own words none reaches the client of the application: they may quote values. */
  readonly message: string
}

const conflict = (message: string): Answer => ({ status: HttpStatus.CONFLICT, error: 'Conflict', message })
const badRequest = (message: string): Answer => ({ status: HttpStatus.BAD_REQUEST, error: 'Bad Request', message })
const unavailable = (message: string): Answer => ({
  status: HttpStatus.SERVICE_UNAVAILABLE,
  error: 'Service Unavailable',
  message,
})

const answers: ReadonlyMap<number, Answer> = new Map<number, Answer>([
  [ErrorCode.ROW_NOT_FOUND, { status: HttpStatus.NOT_FOUND, error: 'Not Found', message: 'There is no such row.' }],
  [ErrorCode.UNIQUE_CONSTRAINT, conflict('A row with these values is there already.')],
  [ErrorCode.FOREIGN_KEY_CONSTRAINT, conflict('A row that is referred to is not there, or is still referred to.')],
  [ErrorCode.TRANSACTION_CONFLICT, conflict('Somebody else changed the same rows at the same time. Try again.')],
  [ErrorCode.CHECK_CONSTRAINT, badRequest('A value is not one that the table takes.')],
  [ErrorCode.NOT_NULL_CONSTRAINT, badRequest('A value is missing.')],
  [ErrorCode.TRANSACTION_TIMEOUT, unavailable('The store did not answer in time. Try again.')],
  [ErrorCode.QUERY_TIMEOUT, unavailable('The store did not answer in time. Try again.')],
])

/**
 * Answers requests that a constraint refused, or whose row is not there, with the status that says so: 404, 409, 400, or 503 when
 * time ran out. The body has the number of the error as `code`. All other errors are what they are without this filter: 500, and
 * a line in the log.
 *
 * @example
 * @Module({ providers: [{ provide: APP_FILTER, useClass: SochdbExceptionFilter }] })
 */
@Catch(SochDBError)
export class SochdbExceptionFilter extends BaseExceptionFilter<SochDBError> {
  /** Nest calls it with what a handler threw. */
  override catch(error: SochDBError, host: ArgumentsHost): void {
    const answer = answers.get(error.code)
    // Messages and GraphQL have filters of their own: they see the error itself.
    if (host.getType() !== 'http') throw error
    if (answer === undefined) super.catch(error, host)
    else super.catch(httpError(error, answer), host)
  }
}

/** `BaseExceptionFilter` answers with what an `HttpException` has; its parameter is named after what is caught. */
function httpError(error: SochDBError, { status, error: name, message }: Answer): SochDBError {
  const body = { statusCode: status, message, error: name, code: error.code }
  return new HttpException(body, status, { cause: error }) as unknown as SochDBError
}
