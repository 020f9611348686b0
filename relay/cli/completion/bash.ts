import type { Model, Place, Values } from './model.ts';

export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Values as the scripts pass them on: words, or a name for paths. */
export const listed = (values: Values): string =>
  values === undefined ? '' : typeof values === 'string' ? `@${values}` : values.join(' ');

/** The branch of a place: what its arguments are. */
export function argsOf({ args, repeats }: Place): string {
  const each = args.map((values) => quoted(listed(values))).join(' ');
  const rest = repeats ? ` rest=${quoted(listed(args.at(-1)))}` : '';
  return `args=(${each})${rest}`;
}

/** The values of each flag that has some, as branches of a `case` over the verb and the flag. */
export const valueBranches = ({ places }: Model): string =>
  places
    .flatMap(({ path, flags }) =>
      flags
        .filter(({ values }) => values !== undefined)
        .map(({ flag, values }) => `    ${quoted(`${path} ${flag}`)}) list=${quoted(listed(values))} ;;`),
    )
    .join('\n');

/** The script for bash, 3.2 and later. */
export function bash(model: Model): string {
  const branches = model.places.map((place) => {
    const words = place.words.map(([word]) => word).join(' ');
    const flags = place.flags.map(({ flag }) => flag).join(' ');
    return `    ${quoted(place.path)}) verbs=${quoted(words)} flags=${quoted(flags)} ${argsOf(place)} ;;`;
  });
  return `# Completion of coterie for bash. To use it: source <(coterie completion bash)
_coterie_of() {
  verbs='' flags='' args=() rest=''
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
  local cur=\${COMP_WORDS[COMP_CWORD]} path='' flag='' list='' n=0 i word verbs flags args rest
  [[ $cur == '=' ]] && cur=''
  _coterie_of ''
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == '=' ]]; then continue; fi
    if [[ -n $flag ]]; then flag=''; continue; fi
    if [[ $word == -* ]]; then
      [[ ${quoted(` ${model.valued.join(' ')} `)} == *" $word "* ]] && flag=$word
    elif [[ " $verbs " == *" $word "* ]]; then
      path="\${path:+$path }$word"
      _coterie_of "$path"
    else
      n=$((n + 1))
    fi
  done
  if [[ -n $flag ]]; then
    _coterie_values "$path $flag"
  elif [[ $cur == -* ]]; then
    list=$flags
  elif [[ -n $verbs ]]; then
    list=$verbs
  elif ((n < \${#args[@]})); then
    list=\${args[n]}
  else
    list=$rest
  fi
  local IFS=$'\\n'
  case $list in
  @files) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")) ;;
  @directories) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur")) ;;
  *) IFS=$' \\n'; COMPREPLY=($(compgen -W "$list" -- "$cur")) ;;
  esac
}

complete -F _coterie coterie
`;
}
