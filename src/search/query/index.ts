export { beings, havings, operators } from './operators.ts';
export {
  type Clause,
  type OperatorClause,
  parseQuery,
  QueryError,
  type Value,
} from './parse.ts';
export { holdsPhrase } from './phrase.ts';
