/**
 * What each shell needs to complete `delembic`: it asks the program itself, so that it knows the revisions, sections and
 * commands that there are. See `src/cli/complete.ts` for the question and the answer.
 *
 * @module
 */

/** The shells, each with its script. */
export const SCRIPTS = {
  // COMP_WORDS is broken at = : and @, which targets and options have in them; only what is behind the last of these is
  // replaced
  bash: `# bash completion for delembic
_delembic() {
  local line=\${COMP_LINE:0:COMP_POINT} current="" answer word text prefix
  local -a words candidates
  read -ra words <<< "$line"
  if [[ $line =~ [[:space:]]$ || \${#words[@]} -lt 2 ]]; then words+=(""); fi
  current=\${words[\${#words[@]}-1]}
  answer=$("\${words[0]}" __complete "\${words[@]:1}" 2>/dev/null) || return
  if [[ $answer == :files ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
    return
  fi
  prefix=""
  if [[ $current == *["$COMP_WORDBREAKS"]* ]]; then prefix=\${current%"\${current##*["$COMP_WORDBREAKS"]}"}; fi
  COMPREPLY=()
  while IFS=$'\\t' read -r word text; do
    [[ -n $word ]] && COMPREPLY+=("\${word#"$prefix"}")
  done <<< "$answer"
}
complete -F _delembic delembic
`,
  zsh: `#compdef delembic
_delembic() {
  local answer word text
  local -a candidates
  answer=$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null) || return
  if [[ $answer == :files ]]; then
    _files
    return
  fi
  while IFS=$'\\t' read -r word text; do
    [[ -n $word ]] && candidates+=("\${word//:/\\\\:}:$text")
  done <<< "$answer"
  _describe -V delembic candidates
}
if [ "$funcstack[1]" = "_delembic" ]; then _delembic; else compdef _delembic delembic; fi
`,
  fish: `# fish completion for delembic
function __delembic_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l answer ($words[1] __complete $words[2..-1] 2>/dev/null)
    if test "$answer" = ":files"
        __fish_complete_path (commandline -ct)
    else
        string join \\n -- $answer
    end
end
complete -c delembic -f -a '(__delembic_complete)'
`,
  powershell: `# PowerShell completion for delembic
Register-ArgumentCompleter -Native -CommandName delembic -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  if ($wordToComplete -eq '') { $words += '' }
  $program = $commandAst.CommandElements[0].ToString()
  & $program __complete @words 2>$null | Where-Object { $_ -ne ':files' } | ForEach-Object {
    $word, $text = $_ -split "\`t", 2
    if (-not $text) { $text = $word }
    [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $text)
  }
}
`,
} as const;

export type Shell = keyof typeof SCRIPTS;

export const SHELLS = Object.keys(SCRIPTS) as readonly Shell[];
