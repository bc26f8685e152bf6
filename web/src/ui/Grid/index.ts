export { Grid } from './Grid'
export type { Column, Filter, Option } from './types'
