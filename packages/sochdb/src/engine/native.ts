/** The addon, typed. Everything in this package that calls it imports it from here. */
import native from '@sochdb/native'

export { native }
