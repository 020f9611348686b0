import { argsOf, quoted, valueBranches } from './bash.ts';
import type { Model } from './model.ts';

/** Words with what they do, as `_describe` takes them. */
const described = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.map(([word, about]) => quoted(`${word.replaceAll(':', '\\:')}:${about}`)).join(' ');

/** The script for zsh, to be sourced or put on the `fpath` as `_coterie`. */
export function zsh(model: Model): string {
  const branches = model.places.map((place) => {
    const flags = place.flags.map(({ flag, about }) => [flag, about] as const);
    return `    ${quoted(place.path)}) verbs=(${described(place.words)}) flags=(${described(flags)}) ${argsOf(place)} ;;`;
  });
  return `#compdef coterie
# Completion of coterie for zsh. To use it: source <(coterie completion zsh), after compinit
_coterie_of() {
  verbs=() flags=() args=() rest=''
  case "$1" in
${branches.join('\n')}
  esac
}

_coterie_values() {
  list=''
  case "$1" in
${valueBranches(model)}
  esac
}

_coterie() {
  local place='' flag='' list='' rest='' word
  local -a verbs flags args few
  local -i n=0 i
  _coterie_of ''
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    if [[ -n $flag ]]; then flag=''; continue; fi
    if [[ $word == -* ]]; then
      [[ ${quoted(` ${model.valued.join(' ')} `)} == *" $word "* ]] && flag=$word
    elif (( \${verbs[(I)$word:*]} )); then
      place="\${place:+$place }$word"
      _coterie_of "$place"
    else
      n=$((n + 1))
    fi
  done
  if [[ -n $flag ]]; then
    _coterie_values "$place $flag"
  elif [[ \${words[CURRENT]} == -* ]]; then
    _describe -t flags flag flags
    return
  elif (( \${#verbs} )); then
    _describe -t verbs verb verbs
    return
  elif (( n < \${#args} )); then
    list=\${args[n+1]}
  else
    list=$rest
  fi
  case $list in
  @files) _files ;;
  @directories) _files -/ ;;
  '') return 1 ;;
  *) few=(\${=list}); compadd -- $few ;;
  esac
}

if [[ \${funcstack[1]} == _coterie ]]; then _coterie "$@"; elif (( $+functions[compdef] )); then compdef _coterie coterie; fi
`;
}
