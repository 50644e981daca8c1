import { withSochdb } from '@sochdb/next'

export default withSochdb({})
